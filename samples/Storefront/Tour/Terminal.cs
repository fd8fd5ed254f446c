namespace Storefront.Tour;

/// <summary>What the tour prints: steps, measured values and claims, and how many claims did not hold.</summary>
internal sealed class Terminal(TextWriter output, bool colours)
{
    private int _steps;

    public int Claims { get; private set; }

    public int FailedClaims { get; private set; }

    /// <summary>A claim did not hold, or the tour broke off.</summary>
    public bool HasFailed { get; private set; }

    public static Terminal OnConsole() => new(
        Console.Out, !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")));

    public void Line(string text) => output.WriteLine(text);

    public void Step(string title)
    {
        Line("");
        Line(Styled("1", $"{++_steps}  {title}"));
    }

    /// <summary>What is being done, or what was measured.</summary>
    public void Say(string text) => Line($"   {text}");

    /// <summary>What the store has logged.</summary>
    public void Log(string message) => Line("   " + Styled("2", $"log: {message}"));

    /// <summary>A statement that must hold; if it does not, what was seen instead is printed and the tour fails.</summary>
    public void Claim(bool holds, string statement, string seen)
    {
        Claims++;
        if (holds)
        {
            Line($"   {Styled("32", "✔")} {statement}");
            return;
        }

        FailedClaims++;
        HasFailed = true;
        Line($"   {Styled("31", "✘")} expected: {statement}");
        Line($"     but saw:  {seen}");
    }

    public void Broken(Exception error)
    {
        HasFailed = true;
        Line($"   {Styled("31", "✘")} the tour broke off: {error}");
    }

    private string Styled(string style, string text) => colours ? $"\e[{style}m{text}\e[0m" : text;
}
