using HybridStore.Conformance;

namespace HybridStore.Testing.Tests.Conformance;

// The store in memory without a database: all that needs none.
public sealed class InMemoryReadTests() : ReadContract(new InMemoryBackend());

public sealed class InMemoryEntryOptionsTests() : EntryOptionsContract(new InMemoryBackend());

public sealed class InMemorySharedLoadTests() : SharedLoadContract(new InMemoryBackend());

public sealed class InMemoryBatchTests() : BatchContract(new InMemoryBackend());

public sealed class InMemoryRefusedBatchTests() : RefusedBatchContract(new InMemoryBackend());

public sealed class InMemorySharedBatchTests() : SharedBatchContract(new InMemoryBackend());

public sealed class InMemoryMemoTests() : MemoContract(new InMemoryBackend());

public sealed class InMemoryWarmTests() : WarmContract(new InMemoryBackend());

public sealed class InMemoryLateLoadTests() : LateLoadContract(new InMemoryBackend());

public sealed class InMemoryInvalidationTests() : InvalidationContract(new InMemoryBackend());

public sealed class InMemoryWriteTests() : WriteContract(new InMemoryBackend());

public sealed class InMemoryJoinedWriteTests() : JoinedWriteContract(new InMemoryBackend());

public sealed class InMemoryWriteThroughTests() : WriteThroughContract(new InMemoryBackend());

public sealed class InMemoryViewTests() : ViewContract(new InMemoryBackend());

public sealed class InMemoryArgumentTests() : ArgumentContract(new InMemoryBackend());
