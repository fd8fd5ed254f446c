using HybridStore.Conformance;

namespace HybridStore.IntegrationTests.Conformance;

// The store on real servers.
public sealed class ServersReadTests(ServersFixture servers) : ReadContract(new ServersBackend(servers));

public sealed class ServersEntryOptionsTests(ServersFixture servers) : EntryOptionsContract(new ServersBackend(servers));

public sealed class ServersSharedLoadTests(ServersFixture servers) : SharedLoadContract(new ServersBackend(servers));

public sealed class ServersBatchTests(ServersFixture servers) : BatchContract(new ServersBackend(servers));

public sealed class ServersRefusedBatchTests(ServersFixture servers) : RefusedBatchContract(new ServersBackend(servers));

public sealed class ServersSharedBatchTests(ServersFixture servers) : SharedBatchContract(new ServersBackend(servers));

public sealed class ServersMemoTests(ServersFixture servers) : MemoContract(new ServersBackend(servers));

public sealed class ServersWarmTests(ServersFixture servers) : WarmContract(new ServersBackend(servers));

public sealed class ServersLateLoadTests(ServersFixture servers) : LateLoadContract(new ServersBackend(servers));

public sealed class ServersInvalidationTests(ServersFixture servers) : InvalidationContract(new ServersBackend(servers));

public sealed class ServersWriteTests(ServersFixture servers) : WriteContract(new ServersBackend(servers));

public sealed class ServersJoinedWriteTests(ServersFixture servers) : JoinedWriteContract(new ServersBackend(servers));

public sealed class ServersWriteThroughTests(ServersFixture servers) : WriteThroughContract(new ServersBackend(servers));

public sealed class ServersViewTests(ServersFixture servers) : ViewContract(new ServersBackend(servers));

public sealed class ServersArgumentTests(ServersFixture servers) : ArgumentContract(new ServersBackend(servers));

public sealed class ServersDatabaseReadTests(ServersFixture servers) : DatabaseReadContract(new ServersBackend(servers));

public sealed class ServersDatabaseWriteTests(ServersFixture servers) : DatabaseWriteContract(new ServersBackend(servers));

public sealed class ServersEnlistTests(ServersFixture servers) : EnlistContract(new ServersBackend(servers));
