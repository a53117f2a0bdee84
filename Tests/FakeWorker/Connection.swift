import Glibc
import NIOCore
import SpeechCore
import SpeechTestSupport
import Wyoming

/// One client, on a thread of its own.
final class Connection {
    /// Why a job does not go on.
    private enum Interruption: Error {
        /// The client asked for it.
        case cancelled
        /// The client has left, or cannot be understood.
        case gone
    }

    private static let chunkSamples = 2400
    private static let flushBytes = 64 * 1024

    private let socket: Int32
    private let service: Service
    private var decoder = WyomingDecoder<WyomingClientEvent>()
    private var jobs: [WyomingSynthesize] = []
    private var outgoing = ByteBuffer()
    private var isWorking = false
    private var isCancelled = false
    private var obeysCancel = true

    init(socket: Int32, service: Service) {
        self.socket = socket
        self.service = service
    }

    /// Serves until the client leaves.
    func run() {
        defer { close(socket) }
        do throws(Interruption) {
            while true {
                while jobs.isEmpty { try listen(milliseconds: -1) }
                try work(on: jobs.removeFirst())
            }
        } catch {
            // Only a client that is gone ends up here: a cancelled job has been answered.
        }
    }

    // MARK: Jobs

    private func work(on job: WyomingSynthesize) throws(Interruption) {
        guard let voice = service.voice(job.voice) else {
            emit(.error(text: "there is no voice \(job.voice?.name ?? "")", code: .badRequest))
            return try flush()
        }
        let directives = Directives(job.text)
        isWorking = true
        defer { isWorking = false }
        isCancelled = false
        obeysCancel = !service.options.isPlain && !directives.has("stubborn")
        do throws(Interruption) {
            try takeSlot()
            defer { service.returnSlot() }
            try perform(job, voice: voice, directives)
        } catch {
            guard error == .cancelled else { throw error }
            emit(.audioStop)
        }
        try finish()
    }

    /// Ends a job: its answer is not kept waiting by the report.
    private func finish() throws(Interruption) {
        try flush()
        reportMemory()
        try flush()
    }

    /// Does the job with the memory that it needs, or says that there is not enough.
    private func perform(_ job: WyomingSynthesize, voice: String, _ directives: Directives) throws(Interruption) {
        let block: Memory.Block
        do throws(Memory.Exhausted) {
            block = try service.memory.beginJob(job.text)
        } catch {
            return emit(.error(text: error.text, code: .outOfMemory))
        }
        defer { service.memory.endJob(block) }
        if try disturb(directives) {
            try speak(FakeAudio.samples(voice: voice, text: job.text), directives)
        }
    }

    private func reportMemory() {
        guard !service.options.isPlain else { return }
        emit(.userEvent(name: "chorus.memory", data: service.memory.report()))
    }

    private func takeSlot() throws(Interruption) {
        while !service.takeSlot() {
            try listen(milliseconds: -1, orUntilReadable: service.freeSlots)
            if isCancelled { throw .cancelled }
        }
    }

    /// Does what a text asks for instead of audio.
    /// - Returns: whether there shall be audio.
    private func disturb(_ directives: Directives) throws(Interruption) -> Bool {
        if let text = directives.string("stderr") { complain(text) }
        try pause(until: .now + directives.milliseconds("sleep"))
        if directives.has("die") { service.memory.end(status: 1) }
        if let name = directives.string("die-once"), service.isFirst(name) { service.memory.end(status: 1) }
        if directives.has("hang") { try pause(until: .now + .seconds(1_000_000)) }
        if let text = directives.string("note") {
            emit(.userEvent(name: WyomingServiceEvent.noteName, data: ["text": .string(text)]))
        }
        if directives.has("oom") || directives.string("oom-once").map(service.isFirst) == true {
            emit(.error(text: "out of memory, as asked", code: .outOfMemory))
            return false
        }
        if let code = directives.string("error") {
            emit(.error(text: "failed, as asked", code: WyomingErrorCode(rawValue: code)))
            return false
        }
        if directives.has("garbage") {
            outgoing.writeString("{this is no frame}\n")
            return false
        }
        return true
    }

    private func speak(_ samples: [Int16], _ directives: Directives) throws(Interruption) {
        let samples = directives.has("silent") ? [] : samples
        let chunks = (samples.count + Self.chunkSamples - 1) / Self.chunkSamples
        let start = ContinuousClock.now
        emit(.audioStart(AudioShape(sampleRate: service.options.sampleRate)))
        for chunk in 0..<chunks {
            let work = service.options.serviceTime * (chunk + 1) / chunks
            try pause(until: start + work + directives.milliseconds("pace") * (chunk + 1))
            let end = min(samples.count, (chunk + 1) * Self.chunkSamples)
            let piece = Array(samples[chunk * Self.chunkSamples..<end])
            emit(.audioChunk(PCM(samples: piece, sampleRate: service.options.sampleRate)))
            if outgoing.readableBytes >= Self.flushBytes { try flush() }
            if chunk + 1 == directives.number("die-after") {
                try flush()
                service.memory.end(status: 1)
            }
        }
        if chunks == 0 { try pause(until: start + service.options.serviceTime) }
        emit(.audioStop)
    }

    /// Works, as far as the client can tell. Even when there is no time to pass, a cancel that has arrived is seen.
    private func pause(until end: ContinuousClock.Instant) throws(Interruption) {
        while true {
            let left = ContinuousClock.now.duration(to: end)
            if left > .zero { try flush() }
            // `poll` knows whole milliseconds only; what is left of one is slept.
            let milliseconds = max(0, Int32(clamping: Int(left / .milliseconds(1))))
            try listen(milliseconds: milliseconds)
            if isCancelled { throw .cancelled }
            if left < .milliseconds(1) {
                if left > .zero { usleep(UInt32(left / .microseconds(1))) }
                return
            }
        }
    }

    // MARK: The socket

    /// Waits for the client, and takes in what it says.
    private func listen(milliseconds: Int32, orUntilReadable other: Int32 = -1) throws(Interruption) {
        var polls = [
            pollfd(fd: socket, events: Int16(POLLIN), revents: 0), pollfd(fd: other, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&polls, 2, milliseconds) > 0, polls[0].revents != 0 else { return }
        var bytes = ByteBuffer()
        let count = bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.flushBytes) { [socket] in
            max(0, read(socket, $0.baseAddress, Self.flushBytes))
        }
        guard count > 0 else { throw .gone }
        decoder.append(bytes)
        do throws(WyomingError) {
            while let event = try decoder.next() { hear(event) }
        } catch {
            complain("FakeWorker: \(error)")
            throw .gone
        }
        if !outgoing.readableBytesView.isEmpty { try flush() }
    }

    private func hear(_ event: WyomingClientEvent) {
        switch event {
        case .describe:
            emit(.info(service.info))
            reportMemory()
        case .ping(let text): emit(.pong(text: text))
        case .synthesize(let job): jobs.append(job)
        case .userEvent(name: WyomingClientEvent.cancelName, data: _): cancel()
        // During a job there is nothing to do: a report follows each.
        case .userEvent(name: "chorus.release", data: _): if !isWorking { reportMemory() }
        case .makeVoice(let recipe): makeVoice(recipe)
        case .userEvent, .other: break
        }
    }

    /// A speaker that says what it was made of. The code `bad` makes none, and `die` ends the process.
    private func makeVoice(_ recipe: VoiceRecipe) {
        let speaker: [String: JSONValue]
        switch recipe {
        case .seed(let seed): speaker = ["seed": .integer(seed)]
        case .code("bad"): return emit(.error(text: "this is no code", code: .badRequest))
        case .code("die"): service.memory.end(status: 1)
        case .code(let code): speaker = ["code": .string(code)]
        case .recording(let audio, let text):
            speaker = ["text": .string(text), "samples": .integer(audio.samples.count)]
        }
        emit(.userEvent(name: WyomingClientEvent.voiceName, data: ["speaker": .object(speaker)]))
    }

    private func cancel() {
        guard !service.options.isPlain else { return }
        for _ in jobs { emit(.audioStop) }
        jobs = []
        isCancelled = obeysCancel
    }

    private func emit(_ event: WyomingServiceEvent) {
        event.encode(into: &outgoing)
    }

    private func flush() throws(Interruption) {
        while outgoing.readableBytes > 0 {
            let sent = outgoing.readWithUnsafeReadableBytes { [socket] in
                max(0, write(socket, $0.baseAddress, $0.count))
            }
            guard sent > 0 else { throw .gone }
        }
        outgoing.clear()
    }
}
