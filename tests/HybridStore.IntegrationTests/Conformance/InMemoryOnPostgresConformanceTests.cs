using HybridStore.Conformance;

namespace HybridStore.IntegrationTests.Conformance;

// The store in memory over a real database.
public sealed class InMemoryOnPostgresReadTests(ServersFixture servers) : ReadContract(new InMemoryOnPostgresBackend(servers));

public sealed class InMemoryOnPostgresEntryOptionsTests(ServersFixture servers) : EntryOptionsContract(new InMemoryOnPostgresBackend(servers));

public sealed class InMemoryOnPostgresSharedLoadTests(ServersFixture servers) : SharedLoadContract(new InMemoryOnPostgresBackend(servers));

public sealed class InMemoryOnPostgresBatchTests(ServersFixture servers) : BatchContract(new InMemoryOnPostgresBackend(servers));

public sealed class InMemoryOnPostgresRefusedBatchTests(ServersFixture servers) : RefusedBatchContract(new InMemoryOnPostgresBackend(servers));

public sealed class InMemoryOnPostgresSharedBatchTests(ServersFixture servers) : SharedBatchContract(new InMemoryOnPostgresBackend(servers));

public sealed class InMemoryOnPostgresMemoTests(ServersFixture servers) : MemoContract(new InMemoryOnPostgresBackend(servers));

public sealed class InMemoryOnPostgresLateLoadTests(ServersFixture servers) : LateLoadContract(new InMemoryOnPostgresBackend(servers));

public sealed class InMemoryOnPostgresInvalidationTests(ServersFixture servers) : InvalidationContract(new InMemoryOnPostgresBackend(servers));

public sealed class InMemoryOnPostgresWriteTests(ServersFixture servers) : WriteContract(new InMemoryOnPostgresBackend(servers));

public sealed class InMemoryOnPostgresJoinedWriteTests(ServersFixture servers) : JoinedWriteContract(new InMemoryOnPostgresBackend(servers));

public sealed class InMemoryOnPostgresWriteThroughTests(ServersFixture servers)
    : WriteThroughContract(new InMemoryOnPostgresBackend(servers));

public sealed class InMemoryOnPostgresViewTests(ServersFixture servers) : ViewContract(new InMemoryOnPostgresBackend(servers));

public sealed class InMemoryOnPostgresArgumentTests(ServersFixture servers) : ArgumentContract(new InMemoryOnPostgresBackend(servers));

public sealed class InMemoryOnPostgresDatabaseReadTests(ServersFixture servers) : DatabaseReadContract(new InMemoryOnPostgresBackend(servers));

public sealed class InMemoryOnPostgresDatabaseWriteTests(ServersFixture servers) : DatabaseWriteContract(new InMemoryOnPostgresBackend(servers));

public sealed class InMemoryOnPostgresEnlistTests(ServersFixture servers) : EnlistContract(new InMemoryOnPostgresBackend(servers));
