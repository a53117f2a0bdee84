import Glibc
import NIOCore
import SpeechCore
import Wyoming

/// A Wyoming service for tests and benchmarks. It "speaks" a pure function of voice and text (`FakeAudio`) at the pace
/// that its flags ask for, and does whatever the directives in a text ask for (`Directives`).
@main
struct FakeWorker {
    static func main() {
        signal(SIGPIPE, SIG_IGN)
        let options = Options(CommandLine.arguments.dropFirst())
        if let channel = getenv("CHORUS_TEMPLATE_FD").flatMap({ Int32(String(cString: $0)) }) {
            if options.failsAsTemplate { die("cannot be a template, as asked") }
            Template(channel: channel, command: CommandLine.arguments).run()
        }
        let service = Service(options)
        if options.gpuDirectory != nil { endInGoodOrder(service.memory) }
        usleep(UInt32(options.loadMilliseconds) * 1000)
        if options.failsToLoad { die("cannot load, as asked") }
        service.memory.load()
        let listener = listen(at: options.path)
        while true {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { continue }
            startThread { Connection(socket: client, service: service).run() }
        }
    }

    /// On SIGTERM, which from now on waits for a thread of its own.
    private static func endInGoodOrder(_ memory: Memory) {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        startThread { [signals] in
            var (signals, signal) = (signals, Int32(0))
            sigwait(&signals, &signal)
            memory.end(status: 0)
        }
    }

    private static func listen(at path: String) -> Int32 {
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            die("the path is too long: \(path)")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let isBound = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isBound, Glibc.listen(listener, 128) == 0 else {
            die("cannot listen on \(path): \(String(cString: strerror(errno)))")
        }
        return listener
    }

    private static func startThread(_ body: @escaping @Sendable () -> Void) {
        final class Box: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Box(body))
        let run: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { box in
            if let box { Unmanaged<Box>.fromOpaque(box).takeRetainedValue().body() }
            return nil
        }
        guard pthread_create(&thread, nil, run, box.toOpaque()) == 0 else { die("cannot start a thread") }
        pthread_detach(thread)
    }
}

/// Writes a line to standard error.
func complain(_ text: String) {
    let line = Array("\(text)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
}

/// Ends the process at once.
func die(_ text: String) -> Never {
    complain("FakeWorker: \(text)")
    _exit(1)
}
