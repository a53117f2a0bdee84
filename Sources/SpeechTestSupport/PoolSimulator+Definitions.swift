import PoolCore

extension PoolSimulator {
    /// The true figures of the processes of one definition of an engine. The pool learns them by measuring.
    package struct Definition: Sendable {
        /// Their need of memory; `nil` in a world where nobody reads memory.
        package var memory: Memory.Engine?
        /// How long they take to speak a unit of a text.
        package var timePerUnit = Duration.milliseconds(10)
        /// How much audio a unit of a text becomes.
        package var audioPerUnit = Duration.milliseconds(50)

        package init(memory: Memory.Engine?) {
            self.memory = memory
        }
    }

    /// Which definition of which engine a process was started from.
    struct Kind: Hashable, Sendable {
        let engine: Int
        let revision: Int
    }

    /// The definition of a process. Every process that was started has one.
    func definition(of process: Process) -> Definition {
        guard let definition = definitions[process.kind] else { preconditionFailure("what is started is defined") }
        return definition
    }

    /// A process's need of memory; `nil` in a world where nobody reads memory.
    func need(of process: Process) -> Memory.Engine? { definition(of: process).memory }

    /// The pool's measurements of a process's kind on its device.
    func figures(of process: Process) -> EngineFigures { pool.figures(of: pool.instances[process.id.instance.index]) }

    /// Checks that the pool believes audio that is as long as its process's definition makes it.
    func checkBelief(in event: Event) throws(Violation) {
        guard case .jobEnded(let job, let slot, .completed, _) = event, let length = audio(of: job, on: slot) else {
            return
        }
        try check(!pool.doubts(job, on: slot, audio: length, isSound: true), "the length of \(job) is believed")
    }

    /// How long the audio of a job is that a slot works on.
    func audio(of job: JobID, on slot: SlotID) -> Duration? {
        guard let process = self[slot.process], self[slot]?.job == job, let request = jobs[job]?.request else {
            return nil
        }
        return definition(of: process).audioPerUnit * request.units
    }
}
