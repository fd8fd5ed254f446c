// What .ci/package.sh runs in its fresh project.
//   contents PACKAGE REMOTE DEPENDENCY...   what is in the package; REMOTE is the repository's address or empty
//   use                                     the README's repository class on the servers that the environment names
global using HybridStore;
using Consumer;

switch (args)
{
    case ["contents", var package, var remote, .. var dependencies]:
        PackageContents.Check(package, remote, dependencies);
        Console.WriteLine("The package has what it should have.");
        break;
    case ["use"]:
        await RepositoryRun.RunAsync();
        Console.WriteLine("The README's repository class reads, caches, writes and reads the new value.");
        break;
    default:
        throw new ArgumentException("Say contents or use.");
}
