namespace HybridStore.Keys;

/// <summary>The slot that Redis Cluster puts a hash tag into: CRC16/XMODEM of its bytes, modulo 16,384.</summary>
/// <remarks>
/// CRC16/XMODEM: width 16, polynomial 0x1021, initial value 0, nothing reflected, no final XOR; check value 0x31C3 for
/// "123456789". Bit by bit, since it runs only while a <see cref="PartitionMap"/> is built.
/// </remarks>
internal static class HashSlot
{
    public const int Count = 16384;

    private const int Polynomial = 0x1021;

    public static int Of(ReadOnlySpan<byte> hashTag) => Crc16(hashTag) % Count;

    public static ushort Crc16(ReadOnlySpan<byte> bytes)
    {
        var crc = 0;
        foreach (var value in bytes)
        {
            crc ^= value << 8;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 0x8000) != 0 ? (crc << 1) ^ Polynomial : crc << 1;
            }

            crc &= 0xFFFF;
        }

        return (ushort)crc;
    }
}
