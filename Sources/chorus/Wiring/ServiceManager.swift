import FoundationEssentials
import Glibc
import NIOCore

/// systemd, or what does as it does: it is told how the service is, and may hand over the socket that is served.
///
/// The protocols are those of sd_notify(3) and sd_listen_fds(3); without the variables nobody is told anything.
struct ServiceManager: Sendable {
    /// Where it listens; begins with `@` if that is in the abstract namespace.
    private let socket: String?
    /// How often it wants to hear of us; `nil` if it does not.
    let watchdogInterval: Duration?
    /// Sockets that it has bound for us.
    let listeningDescriptors: [CInt]

    /// The first descriptor that is handed over.
    private static let firstDescriptor: CInt = 3

    /// - Parameter environment: the variables of this process.
    init(environment: [String: String]) {
        socket = environment["NOTIFY_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
        func isForUs(_ variable: String) -> Bool { environment[variable].map { $0 == String(getpid()) } ?? false }
        let isWatched = environment["WATCHDOG_PID"] == nil || isForUs("WATCHDOG_PID")
        watchdogInterval = environment["WATCHDOG_USEC"].flatMap { Int64($0) }
            .flatMap { $0 > 0 && isWatched ? .microseconds($0 / 2) : nil }
        let count = isForUs("LISTEN_PID") ? environment["LISTEN_FDS"].flatMap { CInt($0) } ?? 0 : 0
        listeningDescriptors = (0..<max(0, count)).map { Self.firstDescriptor + $0 }
        for descriptor in listeningDescriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    }

    /// Why what it has bound is not to be served as it is; `nil` if all is well.
    func openness(_ configuration: Configuration) -> Configuration.Openness? {
        guard configuration.keys.isEmpty, !configuration.isInsecure else { return nil }
        return listeningDescriptors.lazy.compactMap { Self.address(of: $0) }.first { !$0.isLoopback }
            .map { Configuration.Openness(address: $0) }
    }

    /// Where a socket is bound; `nil` if it is on no network.
    private static func address(of descriptor: CInt) -> ListenAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard getsockname(descriptor, address, &length) == 0,
                    [AF_INET, AF_INET6].contains(CInt(address.pointee.sa_family))
                else { return nil }
                var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
                var service = [CChar](repeating: 0, count: Int(NI_MAXSERV))
                let flags = NI_NUMERICHOST | NI_NUMERICSERV
                guard
                    getnameinfo(
                        address,
                        length,
                        &host,
                        socklen_t(host.count),
                        &service,
                        socklen_t(service.count),
                        flags
                    ) == 0
                else { return nil }
                func text(_ bytes: [CChar]) -> String {
                    String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                }
                return ListenAddress(host: text(host), port: Int(text(service)) ?? 0)
            }
        }
    }

    /// Tells it something, such as `READY=1`.
    func notify(_ state: String) {
        guard let socket else { return }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var path = Array(socket.utf8)
        guard path.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        if path[0] == UInt8(ascii: "@") { path[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = sendto(descriptor, state, state.utf8.count, CInt(MSG_NOSIGNAL), $0, length)
            }
        }
    }

    /// Tells it that we are alive for as long as an event loop is.
    func keepWatchdog(on eventLoop: any EventLoop) {
        guard let watchdogInterval else { return }
        let interval = TimeAmount(watchdogInterval)
        eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: interval) { _ in notify("WATCHDOG=1") }
    }

    /// The clock that it compares reloads by.
    static var monotonicMicroseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
}
