namespace HybridStore.IntegrationTests.Writing;

public sealed class RolledBackWriteTests(ServersFixture servers) : RolledBackWriteContract(servers);
