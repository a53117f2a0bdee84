import Glibc
import SpeechCore
import Wyoming

/// The loop that serves clients: one thread, which waits for nothing but `poll`.
struct Server {
    /// Clients at one time; the next ones wait to be accepted.
    static let maxConnections = 64
    /// Jobs that may wait while one runs.
    static let maxWaiting = 16
    /// Changes when the worker makes something else of the same text, so that audio of before is not kept.
    private static let workerVersion = 2
    /// The answer to a job at its deadline.
    private static let late = WyomingServiceEvent.error(text: "The deadline has passed.", code: .cancelled)

    private let listener: UnixListener
    private let signals: Int32
    private let catalogue: VoiceCatalogue
    private let sampleRate: Int
    /// The answer to `describe`.
    private let info: WyomingInfo

    private var connections: [Int32: Connection] = [:]
    private var waiting: [(owner: Int32, request: JobRequest)] = []
    private var job: Job?

    /// - Parameter signals: a descriptor that becomes readable when the server is to stop.
    init(listener: UnixListener, signals: Int32, catalogue: VoiceCatalogue, sampleRate: Int) {
        self.listener = listener
        self.signals = signals
        self.catalogue = catalogue
        self.sampleRate = sampleRate
        self.info = WyomingInfo(
            program: "espeak-ng",
            version: "\(catalogue.libraryVersion), worker \(Self.workerVersion)",
            description: "A compact speech synthesizer for many languages",
            attribution: .init(name: "eSpeak NG", url: "https://github.com/espeak-ng/espeak-ng"),
            voices: catalogue.voices,
            traits: WorkerTraits(slots: 1, cancel: true, deterministic: true, spans: true)
        )
    }

    /// Serves until it is told to stop.
    mutating func run() throws(WorkerError) {
        defer { job?.kill() }
        while true {
            let ready = try waitUntilReady()
            if ready[signals] != nil { return }
            if let output = job?.output, ready[output] != nil { relayAudio() }
            for (descriptor, events) in ready where connections[descriptor] != nil {
                serve(descriptor, events)
            }
            // Last, because a new client may get the descriptor of one that has just left.
            if ready[listener.descriptor] != nil, let client = try listener.accept() {
                connections[client] = Connection(descriptor: client)
            }
            dropLateJob()
            startNextJob()
        }
    }

    /// Returns the descriptors that have something for us, and what.
    private func waitUntilReady() throws(WorkerError) -> [Int32: Int32] {
        var polls = connections.values.map { pollfd(fd: $0.descriptor, events: $0.interest, revents: 0) }
        polls.append(pollfd(fd: signals, events: Int16(POLLIN), revents: 0))
        if connections.count < Self.maxConnections {
            polls.append(pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0))
        }
        // A client that does not read holds back its job, and so the memory that the job takes.
        if let job, connections[job.owner]?.hasRoom ?? false {
            polls.append(pollfd(fd: job.output, events: Int16(POLLIN), revents: 0))
        }
        guard poll(&polls, nfds_t(polls.count), millisecondsToDeadline()) >= 0 else {
            if errno == EINTR { return [:] }
            throw .system("wait for clients")
        }
        let ready = polls.filter { $0.revents != 0 }
        return Dictionary(uniqueKeysWithValues: ready.map { ($0.fd, Int32($0.revents)) })
    }

    /// That of the job that is running, rounded up; -1 if there is none.
    private func millisecondsToDeadline() -> Int32 {
        guard let deadline = job?.request.deadline else { return -1 }
        let left = max(.zero, ContinuousClock.now.duration(to: deadline))
        return Int32(clamping: Int((left / .milliseconds(1)).rounded(.up)))
    }

    // MARK: Clients

    private mutating func serve(_ client: Int32, _ events: Int32) {
        if events & POLLOUT != 0, connections[client]?.flush() == false { return close(client) }
        guard events & ~POLLOUT != 0 else { return }
        let isOpen = connections[client]?.receive() ?? false
        do {
            while let event = try connections[client]?.nextEvent() { handle(event, from: client) }
        } catch {
            connections[client]?.send(.error(text: "\(error)", code: .badRequest))
            return close(client)
        }
        if !isOpen { close(client) }
    }

    private mutating func handle(_ event: WyomingClientEvent, from client: Int32) {
        switch event {
        case .describe:
            let answer = WyomingServiceEvent.info(info)
            connections[client]?.send(answer)
        case .ping(let text):
            connections[client]?.send(.pong(text: text))
        case .synthesize(let wanted):
            enqueue(wanted, for: client)
        case .userEvent(name: WyomingClientEvent.cancelName, data: _):
            for _ in 0..<dropJobs(of: client) { connections[client]?.send(.audioStop) }
        case .makeVoice:
            connections[client]?.send(.error(text: "this engine makes no voices", code: .badRequest))
        case .userEvent, .other:
            break
        }
    }

    private mutating func close(_ client: Int32) {
        _ = dropJobs(of: client)
        connections.removeValue(forKey: client)?.close()
    }

    // MARK: Jobs

    private mutating func enqueue(_ wanted: WyomingSynthesize, for client: Int32) {
        do throws(JobRequest.Refusal) {
            let request = try JobRequest(wanted, catalogue: catalogue)
            guard waiting.count < Self.maxWaiting else {
                connections[client]?.send(.error(text: "\(Self.maxWaiting) texts are waiting already", code: .internal))
                return
            }
            waiting.append((client, request))
        } catch {
            connections[client]?.send(.error(text: error.text, code: .badRequest))
        }
    }

    /// Returns how many jobs of the client there were.
    private mutating func dropJobs(of client: Int32) -> Int {
        let before = waiting.count
        waiting.removeAll { $0.owner == client }
        let dropped = before - waiting.count
        guard let job, job.owner == client else { return dropped }
        job.kill()
        self.job = nil
        return dropped + 1
    }

    /// Ends the running job at its deadline. One that waits is answered in its turn: a client's answers keep their
    /// order.
    private mutating func dropLateJob() {
        guard let job, job.request.isLate else { return }
        job.kill()
        self.job = nil
        connections[job.owner]?.send(Self.late)
    }

    private mutating func startNextJob() {
        while job == nil, !waiting.isEmpty {
            let (owner, request) = waiting.removeFirst()
            guard !request.isLate else {
                connections[owner]?.send(Self.late)
                continue
            }
            do throws(WorkerError) {
                job = try Job(
                    request,
                    owner: owner,
                    sampleRate: sampleRate,
                    substitutes: catalogue.substitutes
                )
                for note in request.notes {
                    connections[owner]?.send(
                        .userEvent(name: WyomingServiceEvent.noteName, data: ["text": .string(note)])
                    )
                }
            } catch {
                complain(error.description)
                connections[owner]?.send(.error(text: error.description, code: .internal))
            }
        }
    }

    private mutating func relayAudio() {
        guard var job = self.job.take() else { return }
        let hasMore = job.read()
        while let chunk = job.nextChunk() { send(chunk, of: &job) }
        if hasMore {
            self.job = job
            return
        }
        switch job.end() {
        case .done:
            do throws(WorkerError) {
                if try job.beginNextPart() {
                    self.job = job
                    return
                }
            } catch {
                complain(error.description)
                connections[job.owner]?.send(.error(text: error.description, code: .internal))
                return
            }
            if let rest = job.rest() { send(rest, of: &job) }
            connections[job.owner]?.send(.audioStop)
        case .failed(let text, let code):
            if code == .internal { complain(text) }
            connections[job.owner]?.send(.error(text: text, code: code))
        }
    }

    private mutating func send(_ chunk: PCM, of job: inout Job) {
        if !job.isAnnounced {
            let start = WyomingServiceEvent.audioStart(AudioShape(sampleRate: sampleRate))
            connections[job.owner]?.send(start)
            job.isAnnounced = true
        }
        connections[job.owner]?.send(.audioChunk(chunk))
    }
}
