import Foundation
import Logging
import Testing

@testable import Observability

@Suite("Log handler and sink")
struct LineLogHandlerTests {
    /// A formatter that shows the record's parts plainly.
    struct PlainFormatter: LogFormatter {
        func line(for record: LogRecord) -> String {
            let metadata = record.metadata.map { "\($0)=\($1)" }.sorted().joined(separator: ",")
            return "\(record.level) \(record.label) \(record.message) \(metadata)\n"
        }
    }

    struct Trouble: Error, CustomStringConvertible {
        let description = "it broke"
    }

    /// Two ends of a pipe.
    func makePipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        return (ends[0], ends[1])
    }

    /// Everything until the other end is closed.
    func readAll(_ descriptor: Int32) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count <= 0 { break }
            bytes += buffer[..<count]
        }
        close(descriptor)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("the call's metadata wins over the provider's, the provider's over the logger's; errors are told")
    func merging() throws {
        let pipe = try makePipe()
        let sink = LogSink(fileDescriptor: pipe.write)
        var logger = Logger(label: "test") {
            LineLogHandler(label: $0, level: .debug, formatter: PlainFormatter(), sink: sink)
        }
        logger[metadataKey: "a"] = "logger"
        logger[metadataKey: "b"] = "logger"
        logger[metadataKey: "c"] = "logger"
        logger.handler.metadataProvider = Logger.MetadataProvider { ["b": "provider", "c": "provider"] }
        #expect(logger[metadataKey: "a"] == "logger")
        logger.debug("One.", metadata: ["c": "call"])
        logger.trace("Too little.")
        logger.logLevel = .error
        logger.info("Too little now.")
        logger.error("Two.", error: Trouble())
        close(pipe.write)
        #expect(
            readAll(pipe.read) == """
                debug test One. a=logger,b=provider,c=call
                error test Two. a=logger,b=provider,c=provider,error.message=it broke,\
                error.type=ObservabilityTests.LineLogHandlerTests.Trouble

                """
        )
    }

    /// Runs something that blocks, outside of the tasks' own threads.
    func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }

    @Test(
        "lines of many threads stay whole, even longer than a pipe takes at once and on a descriptor that does not block"
    )
    func wholeLines() async throws {
        let pipe = try makePipe()
        try #require(fcntl(pipe.write, F_SETFL, O_NONBLOCK) == 0)
        let sink = LogSink(fileDescriptor: pipe.write)
        let lines = (0..<4).map { String(repeating: "\($0)", count: 70_000 + $0) }
        let times = 20
        async let text = onThread { readAll(pipe.read) }
        await withTaskGroup { group in
            for line in lines {
                group.addTask { await onThread { for _ in 0..<times { sink.write(line + "\n") } } }
            }
        }
        close(pipe.write)
        let read = await text.split(separator: "\n").map(String.init)
        #expect(read.count == lines.count * times)
        for line in lines { #expect(read.count { $0 == line } == times) }
    }

    @Test("a reader that is gone costs the line only")
    func brokenPipe() throws {
        let pipe = try makePipe()
        let sink = LogSink(fileDescriptor: pipe.write)
        close(pipe.read)
        sink.write("into the void\n")
        close(pipe.write)
        LogSink(fileDescriptor: -1).write("not even open\n")
    }
}
