import AudioEncoding
import Glibc
import Logging
import NIOPosix
import Observability
import SpeechCore
import SpeechPipeline
import Supervisor
import UnixSignals

/// `chorus speak`: one utterance from a pool of its own, into a file.
struct Speaker {
    let configuration: Configuration

    /// Speaks a text.
    /// - Parameters:
    ///   - container: what a file is to be; anything else gets a stream.
    ///   - output: the file's name; `nil` is standard output.
    func speak(
        text: String,
        voice: String?,
        model: String?,
        speed: Double,
        format: AudioFormat,
        container: AudioEncoder.Output,
        output: String?
    ) async throws {
        LoggingSystem.bootstrap(format: configuration.log.format, level: configuration.log.level)
        let engine = try engine(of: model)
        // From here on a signal leaves no half file. Elsewhere there is none, and a pipe may wait for its reader for
        // ever.
        let isFile = OutputFile.isFile(output)
        let signals = isFile ? await UnixSignalsSequence(trapping: [.sighup, .sigint, .sigquit, .sigterm]) : nil
        let file = try OutputFile(output)
        guard file.isFile || container != .m4a else {
            throw CommandError("An m4a file cannot be written as it is made. Name a file, or use --format aac.")
        }
        let kind = file.isFile ? container : .stream
        var alone = configuration
        alone.engines = [engine]
        alone.models = configuration.models.filter { $0.engine == engine.name }
        let system = try SpeechSystem(
            alone,
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
            logger: Logger(label: "chorus")
        )
        let utterance = Utterance(id: "speak", model: model, text: text, voice: voice)
        // Trouble of the engine, of the text or of the file, and a signal: the first one ends it all.
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await system.supervisor.run() }
            if let signals {
                group.addTask {
                    for await signal in signals { throw CommandError("It was ended by \(signal).") }
                }
            }
            group.addTask {
                let encoder = try AudioEncoder(format: format, speed: speed, output: kind)
                try await system.waitUntilLoaded(within: engine.loadTimeout)
                try await write(system.pipeline.speak(utterance), encoder, to: file)
            }
            try await group.next()
        }
    }

    private func engine(of model: String?) throws -> EngineConfiguration {
        guard let model else { return configuration.engines[0] }
        let name = configuration.models.first { $0.id == model }?.engine ?? model
        guard let engine = configuration.engines.first(where: { $0.name == name }) else {
            let names = configuration.engines.map(\.name) + configuration.models.map(\.id)
            throw CommandError("There is no model \(model). There are: \(names.joined(separator: ", ")).")
        }
        return engine
    }

    private func write(_ stream: any SpeechStream, _ encoder: AudioEncoder, to file: OutputFile) async throws {
        let begin = ContinuousClock.now
        var spoken = Duration.zero
        while let piece = try await stream.next() {
            spoken += piece.duration
            try file.write(try encoder.encode(piece))
            progress(spoken, since: begin, isLast: false)
        }
        try file.write(try encoder.finish())
        try file.replaceBeginning(with: encoder.beginning)
        try file.finish()
        progress(spoken, since: begin, isLast: true)
    }

    /// A line that overwrites itself on a terminal, and appears once elsewhere.
    private func progress(_ spoken: Duration, since begin: ContinuousClock.Instant, isLast: Bool) {
        let isTerminal = isatty(STDERR_FILENO) == 1
        guard isLast || isTerminal else { return }
        let audio = spoken / .seconds(1)
        let work = begin.duration(to: .now) / .seconds(1)
        let factor = audio > 0 ? work / audio : 0
        let line = "\(decimals(audio, 1)) s of audio in \(decimals(work, 2)) s, RTF \(decimals(factor, 4))"
        let text = (isTerminal ? "\r\u{1B}[K" : "") + line + (isLast ? "\n" : "")
        _ = Array(text.utf8).withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private func decimals(_ value: Double, _ places: Int) -> String {
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        return "\((value * scale).rounded() / scale)"
    }
}

extension SpeechSystem {
    /// Returns when an instance of the only engine has loaded.
    fileprivate func waitUntilLoaded(within limit: Duration) async throws {
        let deadline = ContinuousClock.now + limit
        while supervisor.engines[0].readyInstances == 0 {
            guard .now < deadline else {
                let name = supervisor.engines[0].name
                throw CommandError("\(name) did not load within \(limit). See 'chorus doctor'.")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
