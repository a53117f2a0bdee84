import Testing

@testable import PoolCore

/// How a listener is doing.
@Suite struct JobStreamTests {
    /// A stream of three parts that are predicted to be 4 s, 10 s and 10 s of audio; the first is due after 1 s.
    private func stream() -> JobStream {
        let request = JobRequest(id: JobID(1), engine: 0, tenant: "a", stream: StreamID(1))
        var stream = JobStream(
            Job(
                request: request,
                arrived: .start,
                seconds: 1,
                secondsBefore: 0,
                key: JobQueue.Key(jobClass: .standard, tenant: "a"),
                due: moment(1),
                wanted: nil,
                aim: nil
            )
        )
        for (number, audio) in [(1, 4.0), (2, 10), (3, 10)] {
            stream.jobArrived(JobID(UInt64(number)), seconds: 1, audio: audio, before: .zero, now: .start)
        }
        return stream
    }

    private func due(_ stream: JobStream, _ job: UInt64) -> Double? {
        stream.dues(margin: .zero).first { $0.job == JobID(job) }.map { $0.due.sinceStart / .seconds(1) }
    }

    @Test("before it begins, parts are due one after the other's audio")
    func notBegun() {
        #expect([1, 2, 3].map { due(stream(), $0) } == [1, 5, 15])
    }

    @Test("what has arrived counts, and what is still predicted")
    func playing() {
        var stream = stream()
        #expect(stream.audioArrived(JobID(1), duration: .seconds(2), now: moment(3)) == .zero)
        #expect(due(stream, 2) == 7)
        // It makes more than was predicted.
        _ = stream.audioArrived(JobID(1), duration: .seconds(4), now: moment(4))
        stream.jobEnded(JobID(1), now: moment(4))
        #expect(due(stream, 2) == 9)
        #expect(due(stream, 3) == 19)
    }

    @Test("what is made out of turn is played when its turn comes")
    func outOfTurn() {
        var stream = stream()
        _ = stream.audioArrived(JobID(2), duration: .seconds(8), now: moment(2))
        stream.jobEnded(JobID(2), now: moment(2))
        #expect(stream.playedUntil == nil)
        _ = stream.audioArrived(JobID(1), duration: .seconds(4), now: moment(3))
        stream.jobEnded(JobID(1), now: moment(3))
        #expect(stream.playedUntil == moment(15))
        #expect(due(stream, 3) == 15)
    }

    @Test("a listener who has run dry goes on from when there is more")
    func underrun() {
        var stream = stream()
        _ = stream.audioArrived(JobID(1), duration: .seconds(4), now: moment(1))
        stream.jobEnded(JobID(1), now: moment(1))
        #expect(stream.audioArrived(JobID(2), duration: .seconds(1), now: moment(7)) == .seconds(2))
        #expect(stream.playedUntil == moment(8))
    }

    @Test("audio from elsewhere is heard before what follows it")
    func audioBefore() {
        var stream = stream()
        stream.jobArrived(JobID(4), seconds: 1, audio: 2, before: .seconds(5), now: .start)
        #expect(due(stream, 4) == 30)
    }

    @Test("audio from elsewhere stays what it is when what came before it makes more or less than was predicted")
    func audioBeforeStays() {
        var stream = stream()
        stream.jobArrived(JobID(4), seconds: 1, audio: 2, before: .seconds(5), now: .start)
        for (job, seconds) in [(1, 4.0), (2, 10), (3, 7)] {
            _ = stream.audioArrived(JobID(UInt64(job)), duration: .seconds(seconds), now: moment(1))
            stream.jobEnded(JobID(UInt64(job)), now: moment(1))
        }
        #expect(stream.playedUntil == moment(1 + 4 + 10 + 7 + 5))
    }

    @Test("audio from elsewhere at the beginning is played at once")
    func audioBeforeAll() {
        let request = JobRequest(id: JobID(1), engine: 0, tenant: "a", stream: StreamID(1))
        let pool = Pool(configuration: .test(instances: 1), seed: 1)
        var stream = JobStream(Job(request, in: pool, now: moment(2)))
        stream.jobArrived(JobID(1), seconds: 1, audio: 2, before: .seconds(5), now: moment(2))
        #expect(due(stream, 1) == 7)
    }

    @Test("what is made anew has not been heard")
    func restart() {
        var stream = stream()
        _ = stream.audioArrived(JobID(2), duration: .seconds(12), now: moment(2))
        stream.jobRestarted(JobID(2))
        #expect(due(stream, 3) == 15)
    }
}
