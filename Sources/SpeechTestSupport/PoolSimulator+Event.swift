package import PoolCore

extension PoolSimulator {
    /// What can happen to a pool.
    package enum Event: Sendable {
        case started
        case jobArrived(JobRequest)
        case jobCancelled(JobID)
        case processSpawned(ProcessID)
        /// The process is gone. The pool hears of it by what follows: `slotClosed` of each connection, then
        /// `processExited`.
        case processDied(ProcessID)
        case processExited(ProcessID)
        case slotOpened(SlotID)
        case slotClosed(SlotID, canRestart: Bool)
        case jobEnded(JobID, SlotID, JobOutcome, canRestart: Bool)
        case measured(ProcessID)
        /// A sample was spoken, or could not be.
        case rehearsed(ProcessID, isSound: Bool)
        /// The worker has moved on with its job, or has said that it is there.
        case heard(SlotID)
        /// Time has passed.
        case timePassed
        /// Somebody wants an instance to be replaced.
        case restartRequested(InstanceID)
        /// An engine's instances are to be started otherwise. This is true of them then, and this is known of it.
        case redefined(Int, Definition, figures: [String: EngineFigures])
        /// A job made some of its audio.
        case audioArrived(JobID, Duration)
        /// A caller wants nothing more of an utterance.
        case streamEnded(StreamID)
        /// The memory was read. It may have been read a while ago.
        case memoryRead(MemoryReading)
        /// What a process held that has ended is free now. The pool hears of it by readings.
        case memoryReleased(ProcessID)
        /// Others use so much of a device now. The pool hears of it by readings.
        case foreignUseChanged(device: String, bytes: Int)
        case timerFired(TimerID)
        case drainRequested
        case stopRequested

        /// Whether the pool looks for something to run after it.
        var dispatches: Bool {
            switch self {
            case .jobArrived, .jobEnded, .slotOpened, .memoryRead: true
            case .started, .audioArrived, .streamEnded, .jobCancelled, .processSpawned, .processDied, .processExited,
                .slotClosed, .measured, .rehearsed, .heard, .timePassed, .restartRequested, .redefined,
                .memoryReleased, .foreignUseChanged, .timerFired, .drainRequested, .stopRequested:
                false
            }
        }
    }

    /// What the pool answered to an event.
    package struct Answer: Sendable {
        /// What the pool wants done, in order.
        package var actions: [PoolAction]
        /// Why a job was refused; `nil` unless the event is an arrival and it was.
        package var refusal: Admission.Refusal?

        /// Whether something is about to be given back.
        var asksForCaches: Bool { actions.contains { if case .release = $0 { true } else { false } } }

        init(_ actions: [PoolAction]) {
            self.actions = actions
        }

        init(_ admission: Admission) {
            switch admission {
            case .accepted(let actions): self.actions = actions
            case .refused(let refusal): (actions, self.refusal) = ([], refusal)
            }
        }
    }

    /// One event and what came of it.
    struct Step: Sendable, CustomStringConvertible {
        var number: Int
        var now: Instant
        var event: Event
        var answer: Answer

        var description: String {
            var lines = ["#\(number) at \(now.sinceStart): \(event)"]
            if let refusal = answer.refusal { lines.append("    refused: \(refusal)") }
            lines += answer.actions.map { "    → \($0)" }
            return lines.joined(separator: "\n")
        }
    }

    /// A rule that the pool broke, and how it came to that.
    package struct Violation: Error, CustomStringConvertible {
        /// What should have held.
        package var rule: String
        /// The number of the event that broke it, from 1.
        package var step: Int
        /// The last events and what came of them, in order; 30 at the most.
        package var trail: [String]

        package var description: String {
            "broken in step \(step): \(rule)\n" + trail.joined(separator: "\n")
        }
    }
}

extension JobEnd {
    /// Which end it is, without its figures.
    package var name: String {
        switch self {
        case .completed: "completed"
        case .failed: "failed"
        case .instanceLost: "instanceLost"
        case .quarantined: "quarantined"
        case .unavailable: "unavailable"
        case .waitedTooLong: "waitedTooLong"
        case .tooLarge: "tooLarge"
        case .shed: "shed"
        case .cancelled: "cancelled"
        case .deadlineExceeded: "deadlineExceeded"
        case .shutDown: "shutDown"
        }
    }
}

extension Admission.Refusal {
    /// Which refusal it is, without its figures.
    package var name: String {
        switch self {
        case .queueFull: "queueFull"
        case .waitTooLong: "waitTooLong"
        case .othersTooLate: "othersTooLate"
        case .tooSlow: "tooSlow"
        case .tenantLimit: "tenantLimit"
        case .deadlineExceeded: "deadlineExceededAtOnce"
        case .deadlineTooEarly: "deadlineTooEarly"
        case .standingQueue: "standingQueue"
        case .tooLarge: "tooLargeAtOnce"
        case .quarantined: "quarantinedAtOnce"
        case .unavailable: "unavailableAtOnce"
        case .shed: "shedAtOnce"
        case .shuttingDown: "shuttingDown"
        }
    }
}
