namespace HybridStore.IntegrationTests.Writing;

public sealed class EnlistedTransactionTests(ServersFixture servers) : EnlistedTransactionContract(servers);
