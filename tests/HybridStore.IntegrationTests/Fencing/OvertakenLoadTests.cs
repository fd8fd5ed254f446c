namespace HybridStore.IntegrationTests.Fencing;

public sealed class OvertakenLoadTests(ServersFixture servers) : OvertakenLoadContract(servers);
