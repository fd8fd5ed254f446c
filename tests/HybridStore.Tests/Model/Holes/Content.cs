namespace HybridStore.Tests.Model.Holes;

/// <summary>What is cached under a key where one write, x, is looked at: nothing, a value without it, a value with it.</summary>
internal enum Content : byte
{
    Nothing,
    Old,
    New,
}
