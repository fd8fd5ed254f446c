using HybridStore.Conformance;
using HybridStore.IntegrationTests.Conformance;
using HybridStore.IntegrationTests.Fencing;
using HybridStore.IntegrationTests.Generations;
using HybridStore.IntegrationTests.Tagging;
using HybridStore.IntegrationTests.Writing;

namespace HybridStore.IntegrationTests.Clustering;

// What is promised on one server, promised on a cluster.

[Collection<ClusterDefinition>]
public sealed class OvertakenLoadOnClusterTests(ClusterFixture cluster) : OvertakenLoadContract(cluster);

[Collection<ClusterDefinition>]
public sealed class CommitThenInvalidateOnClusterTests(ClusterFixture cluster) : CommitThenInvalidateContract(cluster);

[Collection<ClusterDefinition>]
public sealed class EnlistedTransactionOnClusterTests(ClusterFixture cluster) : EnlistedTransactionContract(cluster);

[Collection<ClusterDefinition>]
public sealed class TagInvalidationOnClusterTests(ClusterFixture cluster) : TagInvalidationContract(cluster);

[Collection<ClusterDefinition>]
public sealed class FlushOnClusterTests(ClusterFixture cluster) : FlushContract(cluster);

[Collection<ClusterDefinition>]
public sealed class BatchOnClusterTests(ClusterFixture cluster) : BatchContract(new ServersBackend(cluster));

[Collection<ClusterDefinition>]
public sealed class SharedBatchOnClusterTests(ClusterFixture cluster) : SharedBatchContract(new ServersBackend(cluster));

[Collection<ClusterDefinition>]
public sealed class WarmOnClusterTests(ClusterFixture cluster) : WarmContract(new ServersBackend(cluster));
