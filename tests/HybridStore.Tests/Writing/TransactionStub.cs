using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace HybridStore.Tests.Writing;

/// <summary>An open transaction without a server: a listener that lets a client in, and answers nothing else. Npgsql sends BEGIN
/// together with the first statement, so that a transaction without one never asks.</summary>
internal sealed class TransactionStub : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly NpgsqlConnection _connection;
    private readonly TcpClient _server;

    private TransactionStub(TcpListener listener, TcpClient server, NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        _listener = listener;
        _server = server;
        _connection = connection;
        Transaction = transaction;
    }

    public NpgsqlTransaction Transaction { get; }

    public static async Task<TransactionStub> BeginAsync()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var connection = new NpgsqlConnection(
            $"Host=127.0.0.1;Port={((IPEndPoint)listener.LocalEndpoint).Port};Username=app;Pooling=false;SSL Mode=Disable;"
            + "GSS Encryption Mode=Disable;Server Compatibility Mode=NoTypeLoading");
        var opening = connection.OpenAsync(cancellation);
        var server = await listener.AcceptTcpClientAsync(cancellation);
        await LetInAsync(server.GetStream(), cancellation);
        await opening;
        return new TransactionStub(listener, server, connection, await connection.BeginTransactionAsync(cancellation));
    }

    public async ValueTask DisposeAsync()
    {
        // The client has nobody to talk to from here on, so that it does not wait for a farewell.
        _server.Dispose();
        _listener.Dispose();
        await _connection.DisposeAsync();
    }

    private static async Task LetInAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var length = new byte[4];
        await stream.ReadExactlyAsync(length, cancellationToken);
        await stream.ReadExactlyAsync(new byte[BinaryPrimitives.ReadInt32BigEndian(length) - 4], cancellationToken);
        byte[] welcome =
        [
            .. Message('R', 0, 0, 0, 0),
            .. Message('S', [.. "server_version\0"u8, .. "16.4\0"u8]),
            .. Message('S', [.. "client_encoding\0"u8, .. "UTF8\0"u8]),
            .. Message('K', 0, 0, 0, 1, 0, 0, 0, 1),
            .. Message('Z', (byte)'I'),
        ];
        await stream.WriteAsync(welcome, cancellationToken);
    }

    private static byte[] Message(char type, params byte[] body)
    {
        var message = new byte[5 + body.Length];
        message[0] = (byte)type;
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), 4 + body.Length);
        body.CopyTo(message, 5);
        return message;
    }
}
