import CoreMetrics
import Foundation
import Logging
import Synchronization
import Testing

@testable import Observability

@Suite("Log handler and sink")
struct LineLogHandlerTests {
    /// A formatter that shows nothing but the message.
    struct MessageFormatter: LogFormatter {
        func line(for record: LogRecord) -> String {
            let lines = record.metadata["lines"].map { " \($0)" } ?? ""
            return "\(record.message)\(lines)\n"
        }
    }

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
        let sink = LogSink(fileDescriptor: pipe.write, formatter: PlainFormatter())
        var logger = Logger(label: "test") { LineLogHandler(label: $0, level: .debug, sink: sink) }
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
        sink.flush(milliseconds: patience)
        close(pipe.write)
        #expect(
            readAll(pipe.read) == """
                debug test One. a=logger,b=provider,c=call
                error test Two. a=logger,b=provider,c=provider,error.message=it broke,\
                error.type=ObservabilityTests.LineLogHandlerTests.Trouble

                """
        )
    }

    /// The text that a separate thread reads until the end. It needs none of the tasks' threads, which may all be
    /// blocked meanwhile.
    struct Reading {
        fileprivate let texts: AsyncStream<String>

        var whole: String {
            get async { await texts.first { _ in true } ?? "" }
        }
    }

    func reading(_ descriptor: Int32) -> Reading {
        let (texts, continuation) = AsyncStream.makeStream(of: String.self)
        Thread.detachNewThread {
            continuation.yield(readAll(descriptor))
            continuation.finish()
        }
        return Reading(texts: texts)
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
        let sink = LogSink(fileDescriptor: pipe.write, formatter: MessageFormatter(), limitBytes: 8 << 20)
        let lines = (0..<4).map { String(repeating: "\($0)", count: 70_000 + $0) }
        let times = 20
        let text = reading(pipe.read)
        await withTaskGroup { group in
            for line in lines {
                group.addTask { await onThread { for _ in 0..<times { sink.write(message(line)) } } }
            }
        }
        sink.flush(milliseconds: patience)
        close(pipe.write)
        let read = await text.whole.split(separator: "\n").map(String.init)
        #expect(read.count == lines.count * times)
        for line in lines { #expect(read.count { $0 == line } == times) }
    }

    @Test("a reader that takes nothing holds nobody up; what had no room is counted, and told when there is room again")
    func stalledReader() async throws {
        let metrics = CountingMetrics()
        let pipe = try makePipe()
        let sink = withMetricsFactory(metrics) {
            LogSink(fileDescriptor: pipe.write, formatter: MessageFormatter(), limitBytes: 64 << 10)
        }
        // More than the pipe, what is being written and what waits can hold together.
        let count = 10_000
        for number in 0..<count { sink.write(message("line \(number) of those that nobody reads")) }
        let dropped = metrics.total.load(ordering: .relaxed)
        #expect(dropped > 0)

        let text = reading(pipe.read)
        sink.flush(milliseconds: patience)
        sink.write(message("line \(count)"))
        sink.flush(milliseconds: patience)
        close(pipe.write)

        // Each line is there in order, or is in the number that stands where it is missing.
        var next = 0
        for line in await text.whole.split(separator: "\n") {
            if line.hasPrefix("Lines of the log were dropped"), let lines = line.split(separator: " ").last {
                next += try #require(Int(lines))
            } else {
                #expect(line.hasPrefix("line \(next)"))
                next += 1
            }
        }
        #expect(next == count + 1)
        #expect(metrics.total.load(ordering: .relaxed) == dropped)
    }

    @Test("a line longer than all that may wait is dropped, and those after it are not")
    func tooLong() throws {
        let pipe = try makePipe()
        let sink = LogSink(fileDescriptor: pipe.write, formatter: MessageFormatter(), limitBytes: 1_000)
        sink.write(message(String(repeating: "x", count: 1_001)))
        sink.write(message("after it"))
        sink.flush(milliseconds: patience)
        close(pipe.write)
        let lines = readAll(pipe.read).split(separator: "\n")
        #expect(lines.contains("after it") && lines.count == 2)
        #expect(lines.contains { $0.hasPrefix("Lines of the log were dropped") && $0.hasSuffix(" 1") })
    }

    @Test("the wait for a reader that takes nothing has an end, and all that it got is whole lines")
    func boundedFlush() async throws {
        let pipe = try makePipe()
        let sink = LogSink(fileDescriptor: pipe.write, formatter: MessageFormatter())
        let line = String(repeating: "x", count: 99)
        for _ in 0..<5_000 { sink.write(message(line)) }
        sink.flush(milliseconds: 50)
        try #require(fcntl(pipe.read, F_SETFL, O_NONBLOCK) == 0)
        var bytes = [UInt8](repeating: 0, count: 4 << 20)
        let count = read(pipe.read, &bytes, bytes.count)
        #expect(count > 0)
        #expect(count % (line.utf8.count + 1) == 0)
        close(pipe.read)
        sink.flush(milliseconds: patience)
        close(pipe.write)
    }

    @Test("a reader that is gone costs the line only")
    func brokenPipe() throws {
        let metrics = CountingMetrics()
        let pipe = try makePipe()
        let sink = withMetricsFactory(metrics) {
            LogSink(fileDescriptor: pipe.write, formatter: MessageFormatter())
        }
        close(pipe.read)
        sink.write(message("into the void"))
        sink.flush(milliseconds: patience)
        close(pipe.write)
        #expect(metrics.total.load(ordering: .relaxed) == 1)
        let closed = LogSink(fileDescriptor: -1, formatter: MessageFormatter())
        closed.write(message("not even open"))
        closed.flush(milliseconds: patience)
    }

    @Test("a process that fails shows what it logged before")
    func fatalError() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            LoggingSystem.bootstrap(format: .json, level: .info)
            let logger = Logger(label: "test")
            // No more than a pipe takes: the reader may be slow.
            for number in 0..<100 { logger.info("line \(number)") }
            Swift.fatalError("The end.")
        }
        let text = log(of: result)
        #expect(text.contains("line 0\""))
        #expect(text.contains("line 99\""))
    }

    @Test("a process that is told to abort shows what it logged before, and aborts")
    func abort() async {
        let result = await #expect(processExitsWith: .signal(SIGABRT), observing: [\.standardErrorContent]) {
            LoggingSystem.bootstrap(format: .json, level: .info)
            Logger(label: "test").info("the last line")
            kill(getpid(), SIGABRT)
            while true { pause() }
        }
        let text = log(of: result)
        #expect(text.contains("the last line\""))
    }

    @Test("a process that ends well shows all that it logged")
    func goodEnd() async {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            LoggingSystem.bootstrap(format: .json, level: .info)
            Logger(label: "test").info("the last line")
            exit(0)
        }
        let text = log(of: result)
        #expect(text.contains("the last line\""))
    }

    func log(of ended: ExitTest.Result?) -> String {
        String(decoding: ended?.standardErrorContent ?? [], as: UTF8.self)
    }

    /// Milliseconds for what should happen at once: wide, for a busy machine.
    let patience = 30_000

    func message(_ text: String) -> LogRecord {
        LogRecord(time: .now, level: .info, label: "test", message: text, metadata: [:])
    }
}

/// Adds up all counters.
final class CountingMetrics: MetricsFactory, CounterHandler, Sendable {
    let total = Atomic<Int>(0)

    func increment(by amount: Int64) { total.wrappingAdd(Int(amount), ordering: .relaxed) }
    func reset() {}
    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler { self }
    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }
    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { NOOPMetricsHandler.instance }
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}
