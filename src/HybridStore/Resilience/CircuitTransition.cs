using Polly.CircuitBreaker;

namespace HybridStore.Resilience;

/// <summary>A change of a circuit's state.</summary>
/// <param name="From">The state that ends.</param>
/// <param name="To">The state that begins: closed, open or half-open.</param>
/// <param name="Cause">The failure that opens the circuit; null for the other transitions.</param>
internal readonly record struct CircuitTransition(CircuitState From, CircuitState To, Exception? Cause);
