namespace Consumer;

/// <summary>A check that ends the program with a message when it fails.</summary>
internal static class Check
{
    public static void That(bool holds, string claim)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"Not so: {claim}");
        }

        Console.WriteLine($"  {claim}");
    }
}
