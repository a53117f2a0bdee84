import Glibc
import PoolCore
import SpeechCore
import SpeechTestSupport
import Supervisor
import Synchronization
import Testing

/// The shell, over real processes.
@Suite(.timeLimit(.minutes(2))) struct SupervisorTests {
    @Test("A text comes back as its own audio, sample for sample")
    func speaks() async throws {
        try await FakePool.with { pool in
            let audio = pool.submit("Hello, world.")
            try await expect(audio, says: "Hello, world.")
            #expect(audio.timing.queued != nil && audio.timing.firstAudio != nil)
        }
    }

    @Test("Many texts at once over several instances and slots: each gets its own audio")
    func manyAtOnce() async throws {
        try await FakePool.with(instances: 3, arguments: ["--slots", "2"]) { pool in
            #expect(pool.supervisor.engines == [EngineStatus(pool: pool, ready: 3, slots: 6)])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    let text = "Text number \(number) \(String(repeating: "la ", count: number % 7))."
                    let audio = pool.submit(text)
                    group.addTask { try await expect(audio, says: text) }
                }
                try await group.waitForAll()
            }
            let instances = await pool.supervisor.snapshot().instances
            #expect(instances.map(\.jobsDone).reduce(0, +) == 100)
            #expect(instances.allSatisfy { $0.jobsDone > 0 }, "every instance is used")
        }
    }

    @Test("A job that is cancelled while it waits never reaches a worker")
    func cancelledInQueue() async throws {
        try await FakePool.with { pool in
            let running = pool.submit("{hang}")
            try await pool.until { $0.instances[0].state == "busy" }
            let waiting = pool.submit("{die}")
            try await pool.until { $0.queue.jobs == 1 }
            waiting.cancel()
            try await pool.until { $0.queue.jobs == 0 }
            running.cancel()
            try await expect(pool.submit("Next."), says: "Next.")
            let instance = await pool.supervisor.snapshot().instances[0]
            #expect(instance.restarts == 0)
            #expect(instance.jobsDone == 1)
        }
    }

    @Test("A worker that is interrupted stays, and its next job is its own")
    func interrupted() async throws {
        try await FakePool.with { pool in
            let pid = await pool.supervisor.snapshot().instances[0].pid
            let text = "{pace:20}" + String(repeating: "a long text ", count: 50)
            for _ in 0..<3 {
                let audio = pool.submit(text)
                let first = try await audio.next()
                #expect(first?.samples == Array(FakeAudio.samples(of: text).prefix(first?.samples.count ?? 1)))
                audio.cancel()
                try await expect(pool.submit("Next."), says: "Next.")
            }
            let instance = await pool.supervisor.snapshot().instances[0]
            #expect(instance.pid == pid && instance.restarts == 0)
        }
    }

    @Test("A worker that does not know the cancel loses its connection, not its process")
    func cutOff() async throws {
        try await FakePool.with(arguments: ["--no-chorus"]) { pool in
            let pid = await pool.supervisor.snapshot().instances[0].pid
            let audio = pool.submit("{pace:20}" + String(repeating: "a long text ", count: 50))
            _ = try await audio.next()
            audio.cancel()
            try await expect(pool.submit("Next."), says: "Next.")
            #expect(await pool.supervisor.snapshot().instances[0].pid == pid)
        }
    }

    @Test("A job whose worker dies before its audio runs once more, elsewhere or on the next process")
    func retried() async throws {
        var template = Array("/tmp/chorus-test-XXXXXX".utf8CString)
        let made = try #require(mkdtemp(&template))
        let directory = String(cString: made)
        defer {
            unlink("\(directory)/once")
            rmdir(directory)
        }
        for instances in [1, 2] {
            try await FakePool.with(instances: instances, arguments: ["--state-dir", directory]) { pool in
                let text = "{die-once:once}Still here."
                try await expect(pool.submit(text), says: text)
                try await pool.until { $0.instances.allSatisfy { $0.state == "ready" } }
                #expect(await pool.supervisor.snapshot().instances.map(\.restarts).reduce(0, +) == 1)
            }
            unlink("\(directory)/once")
        }
    }

    @Test("A text that kills twice is answered with an error, and the pool recovers")
    func deadly() async throws {
        try await FakePool.with(instances: 2) { pool in
            await #expect(throws: SpeechError.self) { try await pool.submit("{die}").rest() }
            try await expect(pool.submit("Next."), says: "Next.")
            try await pool.until { $0.instances.allSatisfy { $0.state == "ready" } }
            #expect(await pool.supervisor.snapshot().instances.map(\.restarts).reduce(0, +) == 2)
        }
    }

    @Test(
        "After one job it is known what to expect: a worker that is stopped at the next one is soon found"
    )
    func stoppedWhileYoung() async throws {
        let devices = Array(repeating: "cpu", count: 4)
        let plan = PoolConfiguration.Engine(name: FakePool.engine, devices: devices, loadTimeout: .seconds(1_000))
        try await FakePool.with(arguments: ["--service-ms", "300"], plan: plan) { pool in
            try await expect(pool.submit("Warm."), says: "Warm.")
            let texts = (0..<4).map { "Number \($0)." }
            let audio = texts.map { pool.submit($0) }
            var stopped: pid_t?
            try await pool.until { snapshot in
                stopped = snapshot.instances.first { $0.state == "busy" }?.pid
                if let stopped { kill(stopped, SIGSTOP) }
                return stopped != nil
            }
            for (text, audio) in zip(texts, audio) { try await expect(audio, says: text) }
        }
    }

    @Test("What has been heard and may be different the next time is not made again: the audio ends with an error")
    func diedMidway() async throws {
        try await FakePool.with(arguments: ["--no-chorus"]) { pool in
            let text = "{pace:100}{die-after:3}" + String(repeating: "a long text ", count: 50)
            let audio = pool.submit(text)
            var heard: [Int16] = []
            let error = await #expect(throws: SpeechError.self) {
                while let piece = try await audio.next() { heard += piece.samples }
            }
            #expect(error?.code == .instanceLost)
            #expect(heard == Array(FakeAudio.samples(of: text).prefix(3 * 2400)))
        }
    }

    @Test("A worker that talks nonsense is cut off; its job runs once more and then fails")
    func garbage() async throws {
        try await FakePool.with(instances: 2) { pool in
            await #expect(throws: SpeechError.self) { try await pool.submit("{garbage}").rest() }
            try await pool.until { $0.instances.allSatisfy { $0.state == "ready" } }
            try await expect(pool.submit("Next."), says: "Next.")
        }
    }

    @Test("A worker's own refusal reaches the caller and is not tried again")
    func refused() async throws {
        try await FakePool.with { pool in
            let refused = await #expect(throws: SpeechError.self) {
                try await pool.submit("{error:bad_request}").rest()
            }
            #expect(refused?.code == .refusedByEngine)
            let failed = await #expect(throws: SpeechError.self) { try await pool.submit("{error:internal}").rest() }
            #expect(failed?.code == .engineFailed)
            #expect(await pool.supervisor.snapshot().instances[0].restarts == 0)
        }
    }

    @Test("The queue has a limit, and so has each tenant; who is admitted is not refused later")
    func limits() async throws {
        try await FakePool.with(configure: { $0.maxJobs = 2 }) { pool in
            let running = pool.submit("{hang}")
            try await pool.until { $0.instances[0].state == "busy" }
            let waiting = [pool.submit("One."), pool.submit("Two.")]
            let refused = await #expect(throws: SpeechError.self) { try await pool.submit("Three.").rest() }
            #expect(refused?.code == .queueFull)
            #expect(refused?.retryAfter != nil)
            let later = pool.submit("A later segment.", index: 1)
            running.cancel()
            try await expect(waiting[0], says: "One.")
            try await expect(waiting[1], says: "Two.")
            try await expect(later, says: "A later segment.")
        }
        try await FakePool.with(configure: { $0.maxJobsPerTenant = 0 }) { pool in
            let running = pool.submit("{hang}")
            try await pool.until { $0.instances[0].state == "busy" }
            let refused = await #expect(throws: SpeechError.self) { try await pool.submit("One.").rest() }
            #expect(refused?.code == .tenantLimit)
            running.cancel()
        }
    }

    @Test("Who waits too long is told so")
    func expiry() async throws {
        try await FakePool.with(configure: { $0.maxWait = .milliseconds(20) }) { pool in
            let running = pool.submit("{hang}")
            try await pool.until { $0.instances[0].state == "busy" }
            let error = await #expect(throws: SpeechError.self) { try await pool.submit("Late.").rest() }
            #expect(error?.code == .waitedTooLong)
            running.cancel()
        }
    }

    @Test("A killed instance comes back as a new process")
    func killed() async throws {
        try await FakePool.with { pool in
            let pid = try #require(await pool.supervisor.snapshot().instances[0].pid)
            kill(pid, SIGKILL)
            try await pool.until { $0.instances[0].restarts == 1 && $0.instances[0].state == "ready" }
            #expect(await pool.supervisor.snapshot().instances[0].pid != pid)
            try await expect(pool.submit("Back."), says: "Back.")
        }
    }

    @Test("A drain lets the running and the waiting finish")
    func drain() async throws {
        let finished = Mutex<[SegmentAudio]>([])
        try await FakePool.with { pool in
            let texts = ["{sleep:50}One.", "Two.", "Three."]
            let audios = texts.map { pool.submit($0) }
            try await pool.until { $0.queue.jobs == 2 }
            finished.withLock { $0 = audios }
        }
        for (audio, text) in zip(finished.withLock { $0 }, ["{sleep:50}One.", "Two.", "Three."]) {
            try await expect(audio, says: text)
        }
    }

    @Test("A drain that takes too long ends what is left with an error")
    func drainTimeout() async throws {
        let left = Mutex<SegmentAudio?>(nil)
        try await FakePool.with(configure: { $0.drainTimeout = .milliseconds(20) }) { pool in
            let audio = pool.submit("{hang}")
            try await pool.until { $0.instances[0].state == "busy" }
            left.withLock { $0 = audio }
        }
        let error = await #expect(throws: SpeechError.self) { try await left.withLock { $0 }?.rest() }
        #expect(error?.code == .shuttingDown)
    }

    @Test("A program that does not exist ends the start, with the reason")
    func noProgram() async throws {
        let error = await #expect(throws: EngineStartError.self) {
            try await FakePool.with(command: ["/nowhere/worker", "{uri}"], waitUntilReady: false, endsByItself: true) {
                _ in
            }
        }
        #expect(error?.description.contains("No such file or directory") == true)
    }

    @Test("A worker that ends while it loads is started again, and in the end the start fails with its last words")
    func endsWhileLoading() async throws {
        let command = ["/bin/sh", "-c", "echo no weights at all; exit 3", "{uri}"]
        let error = await #expect(throws: EngineStartError.self) {
            try await FakePool.with(command: command, waitUntilReady: false, endsByItself: true) { _ in }
        }
        #expect(error?.lastWords == ["no weights at all"])
        #expect(error?.ending == "exit status 3")
    }

    @Test("What a worker has started itself does not outlive it")
    func grandchildren() async throws {
        let script = "sleep 1000 & echo $!; exec \(FakePool.programs)/FakeWorker --uri $0"
        try await FakePool.with(command: ["/bin/sh", "-c", script, "{uri}"]) { pool in
            let pid = try #require(await pool.supervisor.snapshot().instances[0].pid)
            let child = try #require(children(of: pid).first)
            kill(pid, SIGKILL)
            try await pool.until { $0.instances[0].restarts == 1 }
            // Killed, and at most a zombie until somebody reaps it.
            #expect(state(of: child) == nil || state(of: child) == "Z")
        }
    }
}

extension EngineStatus {
    init(pool: FakePool, ready: Int, slots: Int) {
        let voice = Voice(name: "fake", languages: ["en"])
        self.init(
            name: FakePool.engine,
            voices: [voice],
            instances: ready,
            readyInstances: ready,
            slots: slots,
            isDeterministic: true,
            fingerprint: pool.supervisor.engines[0].fingerprint
        )
    }
}

/// The processes that a process has started, from `/proc`.
private func children(of parent: pid_t) -> [pid_t] {
    guard let directory = opendir("/proc") else { return [] }
    defer { closedir(directory) }
    var children: [pid_t] = []
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
            name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        guard let pid = pid_t(name), let fields = contents("/proc/\(pid)/stat")?.split(separator: " ") else { continue }
        if fields.dropFirst(3).first == "\(parent)" { children.append(pid) }
    }
    return children
}

/// The state letter of a process, or `nil` when it is gone.
private func state(of pid: pid_t) -> Character? {
    contents("/proc/\(pid)/stat")?.split(separator: " ").dropFirst(2).first?.first
}

private func contents(_ path: String) -> String? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var line = [UInt8](repeating: 0, count: 4096)
    let count = fread(&line, 1, line.count, file)
    return String(decoding: line.prefix(count), as: UTF8.self)
}
