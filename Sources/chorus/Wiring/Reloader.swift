import FoundationEssentials
import Glibc
import Logging
import ServiceLifecycle
import SpeechAPI
import SpeechCore
import Supervisor
import UnixSignals

/// Reads the configuration again, when told to or when its file changes, and has what is new take effect.
actor Reloader: Service {
    private let load: @Sendable () throws(ConfigurationError) -> LoadedConfiguration
    private let system: SpeechSystem
    private let settings: APISettings
    private let identity: TLSIdentity?
    private let manager: ServiceManager
    private let logger: Logger
    private var current: LoadedConfiguration
    /// One reload at a time; those who come meanwhile wait in line.
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// - Parameters:
    ///   - current: what is in effect.
    ///   - load: reads all that decides the configuration.
    init(
        current: LoadedConfiguration,
        load: @escaping @Sendable () throws(ConfigurationError) -> LoadedConfiguration,
        system: SpeechSystem,
        settings: APISettings,
        identity: TLSIdentity?,
        manager: ServiceManager,
        logger: Logger
    ) {
        self.current = current
        self.load = load
        self.system = system
        self.settings = settings
        self.identity = identity
        self.manager = manager
        self.logger = logger
    }

    /// Reloads at each SIGHUP, and when the file changes if it is watched, until the server shuts down.
    nonisolated func run() async throws {
        let watched = await watchedFile
        await withGracefulShutdownHandler {
            await react(watching: watched)
        } onGracefulShutdown: {
            self.manager.notify("STOPPING=1")
        }
    }

    private nonisolated func react(watching watched: String?) async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
                    _ = try? await self.reload()
                }
            }
            if let watched { group.addTask { await self.watch(watched) } }
        }
    }

    /// Reads everything again.
    /// - Throws: when there are mistakes; then nothing has changed.
    func reload() async throws(ReloadError) -> ReloadReport {
        await enter()
        defer { leave() }
        manager.notify("RELOADING=1\nMONOTONIC_USEC=\(ServiceManager.monotonicMicroseconds)")
        defer { manager.notify("READY=1") }
        do {
            let report = try await apply(try load())
            logger.info(
                "The configuration was read again.",
                metadata: [
                    "reload.engines":
                        "\(report.engines.filter { $0.change != .unchanged }.map { "\($0.engine): \($0.change)" })",
                    "reload.applied": "\(report.applied)",
                    "reload.needs_restart": "\(report.needsRestart)",
                ]
            )
            return report
        } catch {
            logger.error(
                "The configuration was not read again: it has mistakes, and nothing has changed.",
                metadata: ["error.reason": "\(error)"]
            )
            throw ReloadError("\(error)")
        }
    }

    private func apply(_ next: LoadedConfiguration) async throws -> ReloadReport {
        let configuration = next.configuration
        // It goes on listening where it does.
        var open = current.configuration
        open.keys = configuration.keys
        open.cors = configuration.cors
        if let openness = open.openness ?? manager.openness(open) { throw CommandError(openness.description) }
        let plan = try SupervisorConfiguration(configuration, environment: ProcessInfo.processInfo.environment)
        try identity?.reload()
        let engines = await system.supervisor.reload(plan)
        system.update(configuration)
        settings.limits = APILimits(configuration.limits)
        settings.keys.update(configuration.keys.map(\.key))
        settings.origins = open.originPolicy
        let changes = Self.changes(from: current.configuration, to: configuration)
        let report = ReloadReport(engines: engines, applied: changes.applied, needsRestart: changes.needsRestart)
        // What has not taken effect is still as it was.
        var effective = next
        for setting in Setting.all where Self.isLasting(setting) {
            _ = setting.apply(setting.text(current.configuration), &effective.configuration)
        }
        current = effective
        return report
    }

    /// The settings that are different.
    static func changes(
        from old: Configuration,
        to new: Configuration
    ) -> (applied: [String], needsRestart: [String]) {
        var applied: [String] = []
        var needsRestart: [String] = []
        for setting in Setting.all where setting.text(old) != setting.text(new) {
            if Self.isLasting(setting) {
                needsRestart.append(setting.name)
            } else {
                applied.append(setting.name)
            }
        }
        if old.models != new.models { applied.append("models") }
        if old.keys != new.keys { applied.append("keys") }
        if old.cors != new.cors { applied.append("cors") }
        if old.engines != new.engines { applied.append("engines") }
        return (applied, needsRestart)
    }

    /// Whether it is decided when the server starts.
    private static func isLasting(_ setting: Setting) -> Bool {
        lasting.contains { setting.name == $0 || setting.name.hasPrefix("\($0).") }
    }

    private static let lasting = [
        "listen", "insecure", "tls", "admin_socket", "watch", "memory.host_limit", "cache", "state_dir",
        "drain_timeout", "log",
    ]

    // MARK: One at a time

    private func enter() async {
        if isBusy { await withCheckedContinuation { waiting.append($0) } } else { isBusy = true }
    }

    private func leave() {
        if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().resume() }
    }

    // MARK: The file

    private var watchedFile: String? { current.configuration.isWatched ? current.file : nil }

    /// What tells one state of a file from another; editors replace files, and change them in several steps.
    private struct Stamp: Equatable {
        var inode: UInt64 = 0
        var size: Int64 = 0
        var seconds = 0
        var nanoseconds = 0

        init(_ path: String) {
            var facts = stat()
            guard stat(path, &facts) == 0 else { return }
            inode = UInt64(facts.st_ino)
            size = Int64(facts.st_size)
            (seconds, nanoseconds) = (facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec)
        }
    }

    /// How often a watched file is looked at. It is read when it has been the same twice.
    private static let watchInterval = Duration.seconds(1)

    private nonisolated func watch(_ path: String) async {
        await cancelWhenGracefulShutdown {
            var known = Stamp(path)
            var last = known
            while (try? await Task.sleep(for: Self.watchInterval)) != nil {
                let seen = Stamp(path)
                if seen == last, seen != known, seen.inode != 0 {
                    known = seen
                    _ = try? await self.reload()
                }
                last = seen
            }
        }
    }
}

extension APILimits {
    /// As they are configured.
    init(_ limits: Configuration.Limits) {
        self.init()
        maxInputCharacters = limits.maxInput
        maxBodyBytes = limits.maxBody
        maxFileBytes = limits.maxFile
        maxFileTotalBytes = limits.maxFileTotal
        writeStall = limits.writeStall
    }
}
