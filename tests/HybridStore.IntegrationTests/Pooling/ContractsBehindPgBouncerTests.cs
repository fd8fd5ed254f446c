using HybridStore.IntegrationTests.Fencing;
using HybridStore.IntegrationTests.Writing;

namespace HybridStore.IntegrationTests.Pooling;

// What is promised on a connection of one's own, promised behind a pooler that gives each transaction another one.

[Collection<PoolingDefinition>]
public sealed class OvertakenLoadBehindPgBouncerTests(PoolingFixture pooling) : OvertakenLoadContract(pooling.WithUsualSettings);

[Collection<PoolingDefinition>]
public sealed class OvertakenLoadBehindPgBouncerWithDefaultsTests(PoolingFixture pooling) : OvertakenLoadContract(pooling.WithDefaults);

[Collection<PoolingDefinition>]
public sealed class CommitThenInvalidateBehindPgBouncerTests(PoolingFixture pooling) : CommitThenInvalidateContract(pooling.WithUsualSettings);

[Collection<PoolingDefinition>]
public sealed class CommitThenInvalidateBehindPgBouncerWithDefaultsTests(PoolingFixture pooling)
    : CommitThenInvalidateContract(pooling.WithDefaults);

[Collection<PoolingDefinition>]
public sealed class EnlistedTransactionBehindPgBouncerTests(PoolingFixture pooling) : EnlistedTransactionContract(pooling.WithUsualSettings);

[Collection<PoolingDefinition>]
public sealed class RolledBackWriteBehindPgBouncerTests(PoolingFixture pooling) : RolledBackWriteContract(pooling.WithUsualSettings);
