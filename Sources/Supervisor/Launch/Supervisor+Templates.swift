import Glibc
import Logging
import NIOCore
import PoolCore

/// Fast birth: an instance that is a copy of a template shares its imports and its weights in host memory.
extension Supervisor {
    /// Has a process copied from its template, once there is one.
    func fork(_ process: ProcessID, from id: TemplateID) {
        switch templates[id] {
        case .ready(let pid):
            copy(process, of: pid)
        case .loading(let waiting, let pid):
            templates[id] = .loading(waiting: waiting + [process], pid: pid)
        case .unusable(let until) where until > .now():
            launch(process)
        case .unusable, nil:
            templates[id] = .loading(waiting: [process], pid: nil)
            startTemplate(id)
        }
    }

    /// The pool ends: nothing waits for a template any more.
    func giveUpTemplates() {
        for (id, template) in templates {
            guard case .loading(let waiting, let pid) = template, !waiting.isEmpty else { continue }
            templates[id] = .loading(waiting: [], pid: pid)
            for process in waiting { spawnFailed(process, SystemError("wait for a template", number: ECANCELED)) }
        }
    }

    private func copy(_ process: ProcessID, of template: pid_t) {
        guard let worker = workers[process], let output = openOutput(of: process) else { return }
        keeper.fork(
            ProcessKeeper.Fork(
                uri: worker.uri,
                device: deviceName(for: process),
                instance: name(of: process.instance),
                memoryBytes: worker.memoryBytes,
                output: output
            ),
            from: template,
            started: started(process),
            exited: exited(process)
        )
    }

    private func startTemplate(_ id: TemplateID) {
        guard let plan = definitions[id.engine][id.revision] else { return }
        let name = "\(plan.name)-template"
        let environment = plan.environment.merging(id.mps?.clientEnvironment(memoryBytes: nil) ?? [:]) { $1 }
        let output: CInt
        do throws(SystemError) {
            output = try openOutput { supervisor, line in
                let line = WorkerLine(line)
                let metadata: Logger.Metadata = [.instance: "\(name)", .line: "\(line.text)"]
                supervisor.logger.log(level: line.level, "A template wrote a line.", metadata: metadata)
            }
        } catch {
            templateEnded(id, because: "\(error)")
            return
        }
        keeper.startTemplate(
            ProcessKeeper.Launch(
                arguments: plan.command(
                    uri: "unix:///dev/null",
                    device: id.deviceKind,
                    instance: name,
                    memoryBytes: nil
                ),
                environment: environment.map { "\($0.key)=\($0.value)" },
                output: output,
                user: plan.user
            ),
            ready: { self.onLoop { supervisor, _ in supervisor.templateReady(id) } },
            started: { result in
                self.onLoop { supervisor, _ in
                    switch result {
                    case .success(let pid): supervisor.templateStarted(id, pid: pid)
                    case .failure(let error): supervisor.templateEnded(id, because: "\(error)")
                    }
                }
            },
            exited: { exit in self.onLoop { supervisor, _ in supervisor.templateEnded(id, because: "\(exit)") } }
        )
    }

    private func templateStarted(_ id: TemplateID, pid: pid_t) {
        guard case .loading(let waiting, _) = templates[id] else { return }
        templates[id] = .loading(waiting: waiting, pid: pid)
        let timeout = TimeAmount(pool.configuration.engines[id.engine].loadTimeout)
        eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            self.assumeIsolated { supervisor in
                // Its end follows, and whoever waits for it is started without it.
                guard case .loading(_, pid) = supervisor.templates[id] else { return }
                supervisor.keeper.signal(SIGKILL, to: pid)
            }
        }
    }

    private func templateReady(_ id: TemplateID) {
        guard case .loading(let waiting, let pid?) = templates[id] else { return }
        templates[id] = .ready(pid)
        log(.info, "A template is ready.", id, pid)
        for process in waiting { copy(process, of: pid) }
    }

    private func templateEnded(_ id: TemplateID, because reason: String) {
        switch templates[id] {
        case .ready(let pid):
            guard pool.revisions[id.engine].current == id.revision else {
                templates[id] = nil
                return
            }
            // Its copies have ended with it; the first that is started again starts another one.
            templates[id] = nil
            log(.error, "A template ended, and its copies with it.", id, pid, [.reason: "\(reason)"])
        case .loading(let waiting, let pid):
            templates[id] = .unusable(until: .now() + Template.pause)
            let message: Logger.Message = "A template did not load. Instances are started one by one."
            log(.error, message, id, pid, [.reason: "\(reason)"])
            for process in waiting { launch(process) }
        case .unusable, nil: break
        }
    }

    private func log(
        _ level: Logger.Level,
        _ message: Logger.Message,
        _ id: TemplateID,
        _ pid: pid_t?,
        _ metadata: Logger.Metadata = [:]
    ) {
        var metadata = metadata
        metadata[.instance] = "\(pool.configuration.engines[id.engine].name)-template"
        if let pid { metadata[.pid] = "\(pid)" }
        logger.log(level: level, message, metadata: metadata)
    }
}
