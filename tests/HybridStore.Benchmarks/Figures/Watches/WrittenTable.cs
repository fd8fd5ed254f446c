using Npgsql;

namespace HybridStore.Benchmarks.Figures.Watches;

/// <summary>A table whose rows are updated by key, and what happens with it besides.</summary>
internal sealed record WrittenTable(string Name)
{
    public const int Rows = 10_000;

    /// <summary>Rows that only a prober writes: they stand behind the others, and share no tag with them.</summary>
    public const int FirstProbe = Rows + 1;

    /// <summary>How many of them there are.</summary>
    public const int Probes = 1_000;

    /// <summary>Nobody hears of it.</summary>
    public static readonly WrittenTable Unwatched = new("none");

    /// <summary>Watched by the store.</summary>
    public static readonly WrittenTable Watched = new("ours");

    /// <summary>Each changed row is told to whoever listens on the channel <see cref="Name"/>: what is commonly done.</summary>
    public static readonly WrittenTable Notifying = new("notify");

    public static readonly WrittenTable[] All = [Unwatched, Watched, Notifying];

    /// <summary>Updates the row with the id <c>$1</c>.</summary>
    public string Update => $"update item_{Name} set value = value + 1 where id = $1";

    /// <summary>Reads the value of the row with the id <c>id</c>.</summary>
    public string Select => $"select value from item_{Name} where id = @id";

    public static async Task CreateAllAsync(NpgsqlDataSource dataSource)
    {
        foreach (var table in All)
        {
            await using var command = dataSource.CreateCommand(
                $"""
                create table item_{table.Name} (id int primary key, owner int not null, value int not null);
                insert into item_{table.Name} select id, id % 100, 0 from generate_series(1, {Rows}) as id;
                insert into item_{table.Name} select id, id, 0 from generate_series({FirstProbe}, {Rows + Probes}) as id;
                analyze item_{table.Name};
                """);
            await command.ExecuteNonQueryAsync();
        }

        await using var trigger = dataSource.CreateCommand(
            $"""
            create function tell() returns trigger language plpgsql as
              $body$ begin perform pg_notify('{Notifying.Name}', new.id::text); return null; end $body$;
            create trigger tell after update on item_{Notifying.Name} for each row execute function tell();
            """);
        await trigger.ExecuteNonQueryAsync();
    }
}
