using System.Collections.Concurrent;
using System.Reflection;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Redis;

/// <summary>Passes everything on to a real database and notes the reads. Public and open, since the proxy is a class derived from it.</summary>
public class CountingDatabase : DispatchProxy
{
    private ConcurrentQueue<int> _calls = null!;
    private IDatabase _inner = null!;

    public static IDatabase Of(IDatabase inner, ConcurrentQueue<int> calls)
    {
        var database = Create<IDatabase, CountingDatabase>();
        var counting = (CountingDatabase)(object)database;
        counting._inner = inner;
        counting._calls = calls;
        return database;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.Name == nameof(IDatabase.StringGetAsync))
        {
            _calls.Enqueue(args![0] is RedisKey[] keys ? keys.Length : 0);
        }

        return targetMethod.Invoke(_inner, args);
    }
}
