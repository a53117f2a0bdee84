import Testing

@testable import chorus

/// What a changed configuration means.
@Suite struct ReloaderTests {
    @Test("what has changed is told apart: what takes effect at once, and what wants a restart")
    func changes() {
        let old = Configuration()
        var new = old
        #expect(Reloader.changes(from: old, to: new) == ([], []))
        new.limits.maxInput = 7
        new.queue.maxJobs = 8
        new.listen.port = 9
        new.cache.diskBytes = 10
        new.models = []
        new.cors = ["https://app.example.org"]
        new.engines[0].instances = .exactly(3)
        let changes = Reloader.changes(from: old, to: new)
        #expect(changes.applied == ["queue.max_jobs", "limits.max_input", "models", "cors", "engines"])
        #expect(changes.needsRestart == ["listen", "cache.disk"])
    }
}

/// What is told to a service manager.
@Suite struct ServiceManagerTests {
    @Test("sockets are taken only if they are for this process, and the watchdog is told twice as often as it wants")
    func variables() {
        #expect(ServiceManager(environment: [:]).listeningDescriptors.isEmpty)
        #expect(ServiceManager(environment: ["LISTEN_FDS": "2", "LISTEN_PID": "1"]).listeningDescriptors.isEmpty)
        #expect(ServiceManager(environment: ["WATCHDOG_USEC": "3000000"]).watchdogInterval == .milliseconds(1_500))
        #expect(ServiceManager(environment: ["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"]).watchdogInterval == nil)
        #expect(ServiceManager(environment: ["WATCHDOG_USEC": "soon"]).watchdogInterval == nil)
        // Nobody listens; nothing happens.
        ServiceManager(environment: ["NOTIFY_SOCKET": "/nowhere/notify"]).notify("READY=1")
    }
}
