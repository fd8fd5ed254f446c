// What .ci/package.sh runs in its fresh project.
//   contents NAME TYPE PACKAGE REMOTE DEPENDENCY...   what is in the package; REMOTE is the repository's address or empty
//   use                                               the README's repository class on the servers that the environment names
//   test                                              the same class on the store in memory
global using HybridStore;
using Consumer;

switch (args)
{
    case ["contents", var name, var type, var package, var remote, .. var dependencies]:
        new PackageContents(name, type).Check(package, remote, dependencies);
        Console.WriteLine($"{name} has what it should have.");
        break;
    case ["use"]:
        await RepositoryRun.RunAsync();
        Console.WriteLine("The README's repository class reads, caches, writes and reads the new value.");
        break;
    case ["test"]:
        await RepositoryTest.RunAsync();
        Console.WriteLine("The README's repository class is tested without servers.");
        break;
    default:
        throw new ArgumentException("Say contents, use or test.");
}
