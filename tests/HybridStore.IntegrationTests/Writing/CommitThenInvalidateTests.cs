namespace HybridStore.IntegrationTests.Writing;

public sealed class CommitThenInvalidateTests(ServersFixture servers) : CommitThenInvalidateContract(servers);
