using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.Buffering;

public class BufferOptionsTests
{
    public static TheoryData<Action<WriteBufferOptions<Click>>, string> Mistakes => new()
    {
        { options => options.Table = "", "Table must be" },
        { options => options.Table = "a b", "Table must be" },
        { options => options.Map("id", click => click.Id), "Map names the column id twice" },
        { options => options.Map("", click => click.Id), "Map needs the name" },
        { options => options.DeduplicateOn("other"), "DeduplicateOn names the column other" },
        { options => options.Partitions = 0, "Partitions must be" },
        { options => options.Partitions = 65, "Partitions must be" },
        { options => options.MaximumBatchRows = 0, "MaximumBatchRows must be" },
        { options => options.FlushInterval = TimeSpan.Zero, "FlushInterval must be" },
        { options => options.MaximumLength = 3, "MaximumLength must be" },
        { options => options.MaximumRowBytes = 1, "MaximumRowBytes must be" },
        { options => options.MaximumBytes = options.MaximumRowBytes, "MaximumBytes must be" },
        { options => options.BlockTimeout = TimeSpan.Zero, "BlockTimeout must be" },
        { options => options.WhenFull = (BufferOverflow)7, "WhenFull and WhenRedisIsDown must be" },
        { options => options.WorkerConnectionString = " ", "WorkerConnectionString must be" },
        { options => options.WorkerConnectionString = "Host=a;Hots=b", "WorkerConnectionString must be" },
        { options => options.MaximumBytes = 4L * options.MaximumRowBytes, "MaximumBytes must be" },
        { options => options.Name = "a\n", "The name of a buffer must" },
    };

    [Theory]
    [MemberData(nameof(Mistakes), DisableDiscoveryEnumeration = true)]
    public void Each_mistake_in_the_settings_is_named_with_its_remedy(Action<WriteBufferOptions<Click>> mistake, string message)
    {
        var options = Valid();
        Assert.Empty(options.AllErrors());

        mistake(options);

        Assert.StartsWith(message, Assert.Single(options.AllErrors()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_buffer_without_columns_is_a_mistake() =>
        Assert.Contains(
            new WriteBufferOptions<Click> { Name = "clicks", Table = "click" }.AllErrors(),
            error => error.StartsWith("No column is mapped", StringComparison.Ordinal));

    [Fact]
    public void A_name_has_one_type_and_a_type_one_name()
    {
        var builder = new ServiceCollection().AddHybridStore(_ => { });
        builder.AddWriteBuffer<Click>("clicks", _ => { });
        builder.AddWriteBuffer<Click>("clicks", _ => { });

        Assert.Throws<ArgumentException>("name", () => builder.AddWriteBuffer<string>("clicks", _ => { }));
        Assert.Throws<ArgumentException>("name", () => builder.AddWriteBuffer<Click>("others", _ => { }));
    }

    private static WriteBufferOptions<Click> Valid() =>
        new WriteBufferOptions<Click> { Name = "clicks", Table = "click" }.Map("id", click => click.Id);
}
