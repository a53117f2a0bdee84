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
        /// Its deadline has passed.
        case late
        /// The client has left, or cannot be understood.
        case gone
    }

    private static let chunkSamples = 2400
    private static let flushBytes = 64 * 1024
    /// Seconds, eleven days: a deadline that is further away means this one, and it is how long `{hang}` hangs.
    private static let maxDeadline = 1_000_000

    private let socket: Int32
    private let service: Service
    private var decoder = WyomingDecoder<WyomingClientEvent>()
    private var jobs: [(wanted: WyomingSynthesize, deadline: ContinuousClock.Instant?)] = []
    private var outgoing = ByteBuffer()
    private var isWorking = false
    private var isCancelled = false
    private var obeysCancel = true
    /// When nobody wants the job any more at which it works.
    private var deadline: ContinuousClock.Instant?

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
                let job = jobs.removeFirst()
                try work(on: job.wanted, until: job.deadline)
            }
        } catch {
            // Only a client that is gone ends up here: a cancelled job has been answered.
        }
    }

    // MARK: Jobs

    private func work(on job: WyomingSynthesize, until deadline: ContinuousClock.Instant?) throws(Interruption) {
        guard let voice = service.voice(job.voice) else {
            emit(.error(text: "there is no voice \(job.voice?.name ?? "")", code: .badRequest))
            return try flush()
        }
        let directives = Directives(job.text, isFirst: service.isFirst)
        isWorking = true
        defer { isWorking = false }
        isCancelled = false
        obeysCancel = !service.options.isPlain && !directives.has("stubborn")
        self.deadline = obeysCancel ? deadline : nil
        do throws(Interruption) {
            try takeSlot()
            defer { service.returnSlot() }
            try perform(job, voice: voice, directives)
        } catch {
            switch error {
            case .cancelled: emit(.audioStop)
            case .late: emit(.error(text: "The deadline has passed.", code: .cancelled))
            case .gone: throw error
            }
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
            let text = directives.string("other") ?? job.text
            try speak(FakeAudio.samples(voice: voice, text: text, count: directives.number("burst")), directives)
        }
    }

    private func reportMemory() {
        guard !service.options.isPlain else { return }
        emit(.userEvent(name: "chorus.memory", data: service.memory.report()))
    }

    private func takeSlot() throws(Interruption) {
        try checkWanted()
        while !service.takeSlot() {
            // A millisecond more, because what is left of one does not count.
            let milliseconds = deadline.map { Self.milliseconds(until: $0) + 1 } ?? -1
            try listen(milliseconds: milliseconds, orUntilReadable: service.freeSlots)
            try checkWanted()
        }
    }

    private func checkWanted() throws(Interruption) {
        if isCancelled { throw .cancelled }
        if let deadline, deadline <= .now { throw .late }
    }

    /// Does what a text asks for before there is audio, or instead of it.
    /// - Returns: whether there shall be audio.
    private func disturb(_ directives: Directives) throws(Interruption) -> Bool {
        if let text = directives.string("stderr") { complain(text) }
        try sleep(directives)
        if let text = directives.string("note") {
            emit(.userEvent(name: WyomingServiceEvent.noteName, data: ["text": .string(text)]))
        }
        if let code = directives.string("error") {
            emit(.error(text: "failed with \(code), as asked", code: WyomingErrorCode(rawValue: code)))
            return false
        }
        guard let fault = directives.fault else { return true }
        try commit(fault)
        return false
    }

    private func sleep(_ directives: Directives) throws(Interruption) {
        let end = ContinuousClock.now + directives.milliseconds("sleep")
        var steps = 0
        while directives.has("progress"), .now + .seconds(1) < end {
            try pause(until: .now + .seconds(1))
            steps += 1
            emit(.userEvent(name: "chorus.progress", data: ["steps": .integer(steps)]))
        }
        try pause(until: end)
    }

    /// Goes wrong. When it returns, nothing more is to be said about the job.
    private func commit(_ fault: Directives.Fault) throws(Interruption) {
        try flush()
        switch fault {
        case .die: service.memory.end(status: 1)
        case .abort: abort()
        case .hang: try pause(until: .now + .seconds(Self.maxDeadline))
        case .oom: emit(.error(text: "out of memory, as asked", code: .outOfMemory))
        case .garbage: outgoing.writeString("{this is no frame}\n")
        }
    }

    private func speak(_ samples: [Int16], _ directives: Directives) throws(Interruption) {
        let units = samples.count / FakeAudio.samplesPerScalar
        let serviceTime = service.options.serviceTime + service.options.unitTime * units
        let chunkSamples = max(1, directives.number("burst") ?? Self.chunkSamples)
        let samples = directives.spoil(samples, chunkSamples: chunkSamples)
        let chunks = (samples.count + chunkSamples - 1) / chunkSamples
        let start = ContinuousClock.now
        emit(.audioStart(AudioShape(sampleRate: service.options.sampleRate)))
        for chunk in 0..<chunks {
            let work = serviceTime * (chunk + 1) / chunks
            try pause(until: start + work + directives.milliseconds("pace") * (chunk + 1))
            let end = min(samples.count, (chunk + 1) * chunkSamples)
            let piece = Array(samples[chunk * chunkSamples..<end])
            emit(.audioChunk(PCM(samples: piece, sampleRate: service.options.sampleRate)))
            if outgoing.readableBytes >= Self.flushBytes { try flush() }
            if let fault = directives.fault(after: chunk + 1, of: chunks) { return try commit(fault) }
        }
        if chunks == 0 { try pause(until: start + serviceTime) }
        emit(.audioStop)
    }

    /// Works, as far as the client can tell. Even when there is no time to pass, a cancel that has arrived is seen.
    private func pause(until end: ContinuousClock.Instant) throws(Interruption) {
        let end = min(end, deadline ?? end)
        while true {
            let left = ContinuousClock.now.duration(to: end)
            if left > .zero { try flush() }
            // `poll` knows whole milliseconds only; what is left of one is slept, rounded up.
            try listen(milliseconds: Self.milliseconds(until: end))
            if left < .milliseconds(1), left > .zero { usleep(UInt32(left / .microseconds(1)) + 1) }
            try checkWanted()
            if left < .milliseconds(1) { return }
        }
    }

    /// Whole ones, rounded down.
    private static func milliseconds(until end: ContinuousClock.Instant) -> Int32 {
        max(0, Int32(clamping: Int(ContinuousClock.now.duration(to: end) / .milliseconds(1))))
    }

    /// When nobody wants a job any more that arrives now.
    private static func deadline(of job: WyomingSynthesize) -> ContinuousClock.Instant? {
        switch job.context["deadline"] {
        case .integer(let seconds): .now + .seconds(min(max(0, seconds), maxDeadline))
        case .number(let seconds): .now + .seconds(min(max(0, seconds), Double(maxDeadline)))
        default: nil
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
        case .synthesize(let job): jobs.append((job, Self.deadline(of: job)))
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
