namespace HybridStore.IntegrationTests.Tagging;

public sealed class TagInvalidationTests(ServersFixture servers) : TagInvalidationContract(servers);
