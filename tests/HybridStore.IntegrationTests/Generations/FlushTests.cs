namespace HybridStore.IntegrationTests.Generations;

public sealed class FlushTests(ServersFixture servers) : FlushContract(servers);
