import Testing

@testable import SpeechAPI

@Suite("What a key has used of its limits")
struct KeyUsageTests {
    private typealias Moment = KeyUsage.Moment
    private typealias Refusal = KeyUsage.Refusal

    private static let start = ContinuousClock.now
    /// Noon of some day.
    private static let noon = Duration.seconds(20_000 * 86_400 + 43_200)

    /// So long after noon of some day.
    private func at(_ passed: Duration) -> Moment {
        Moment(instant: Self.start + passed, sinceEpoch: Self.noon + passed)
    }

    private func usage(perMinute: Int? = nil, concurrent: Int? = nil, perDay: Int? = nil) -> KeyUsage {
        var limits = APIKey.Limits()
        limits.requestsPerMinute = perMinute
        limits.concurrent = concurrent
        limits.charactersPerDay = perDay
        return KeyUsage(limits: limits)
    }

    /// Why a request is refused; `nil` when it is not.
    private func refusal(_ usage: inout KeyUsage, characters: Int = 1, at moment: Moment) -> Refusal? {
        do throws(Refusal) {
            try usage.requestArrived(characters: characters, at: moment)
            return nil
        } catch {
            return error
        }
    }

    @Test("Without limits everything is counted and nothing refused")
    func unlimited() {
        var usage = usage()
        for _ in 0..<1_000 { #expect(refusal(&usage, characters: 1_000_000, at: at(.zero)) == nil) }
        #expect(usage.running == 1_000)
        #expect(usage.rate(at: at(.zero)) == nil)
    }

    @Test("A minute's requests may come at once; then each has to wait for its part of the minute")
    func rate() {
        var usage = usage(perMinute: 3)
        #expect(usage.rate(at: at(.zero)) == .init(limit: 3, remaining: 3, reset: .zero))
        for left in [2, 1, 0] {
            #expect(refusal(&usage, at: at(.zero)) == nil)
            #expect(usage.rate(at: at(.zero)) == .init(limit: 3, remaining: left, reset: .seconds(20 * (3 - left))))
        }
        #expect(refusal(&usage, at: at(.zero)) == .rate(wait: .seconds(20)))
        #expect(refusal(&usage, at: at(.seconds(15))) == .rate(wait: .seconds(5)))
        #expect(refusal(&usage, at: at(.milliseconds(19_999))) == .rate(wait: .milliseconds(1)))
        #expect(refusal(&usage, at: at(.seconds(20))) == nil)
        #expect(refusal(&usage, at: at(.seconds(20))) == .rate(wait: .seconds(20)))
        #expect(usage.rate(at: at(.seconds(50))) == .init(limit: 3, remaining: 1, reset: .seconds(30)))
        #expect(usage.rate(at: at(.seconds(3_600))) == .init(limit: 3, remaining: 3, reset: .zero))
    }

    @Test("Who waits as long as told is never refused, at any rate", arguments: [1, 7, 59, 61, 600, 1_000_000])
    func exactWait(perMinute: Int) {
        var usage = usage(perMinute: perMinute)
        var now = Duration.zero
        for _ in 0..<perMinute { #expect(refusal(&usage, at: at(now)) == nil) }
        for _ in 0..<10 {
            guard case .rate(let wait)? = refusal(&usage, at: at(now)) else {
                Issue.record("one more than the bucket holds was let in")
                return
            }
            #expect(wait > .zero && wait <= .seconds(60) / perMinute)
            now += wait
            #expect(refusal(&usage, at: at(now)) == nil)
        }
    }

    @Test("So many requests may be in the making, and one more when one is over")
    func concurrency() {
        var usage = usage(concurrent: 2)
        #expect(refusal(&usage, at: at(.zero)) == nil)
        #expect(refusal(&usage, at: at(.zero)) == nil)
        #expect(refusal(&usage, at: at(.seconds(1_000))) == .concurrency)
        usage.requestEnded()
        #expect(refusal(&usage, at: at(.seconds(1_000))) == nil)
        #expect(usage.running == 2)
    }

    @Test("Characters are those of a day, which ends at midnight by UTC")
    func characters() {
        var usage = usage(perDay: 100)
        let untilMidnight = Duration.seconds(43_200)
        #expect(refusal(&usage, characters: 60, at: at(.zero)) == nil)
        #expect(refusal(&usage, characters: 41, at: at(.zero)) == .characters(left: 40, wait: untilMidnight))
        #expect(refusal(&usage, characters: 40, at: at(.seconds(1))) == nil)
        let last = untilMidnight - .milliseconds(1)
        #expect(refusal(&usage, at: at(last)) == .characters(left: 0, wait: .milliseconds(1)))
        #expect(refusal(&usage, characters: 100, at: at(untilMidnight)) == nil)
        #expect(refusal(&usage, at: at(untilMidnight)) == .characters(left: 0, wait: .seconds(86_400)))
        #expect(refusal(&usage, characters: 101, at: at(untilMidnight * 3)) == .charactersOfText)
    }

    @Test("A refused request uses up nothing, whichever limit it was")
    func refusedIsFree() {
        var usage = usage(perMinute: 2, concurrent: 2, perDay: 10)
        #expect(refusal(&usage, characters: 4, at: at(.zero)) == nil)
        var before = usage
        #expect(refusal(&usage, characters: 7, at: at(.zero)) == .characters(left: 6, wait: .seconds(43_200)))
        #expect(refusal(&usage, characters: 11, at: at(.zero)) == .charactersOfText)
        #expect(usage == before)
        #expect(refusal(&usage, at: at(.zero)) == nil)
        before = usage
        #expect(refusal(&usage, at: at(.zero)) == .rate(wait: .seconds(30)))
        #expect(usage == before)
        #expect(refusal(&usage, at: at(.seconds(30))) == .concurrency)
        #expect(usage == before)
    }

    @Test("What is refunded is as if it had never come, but not on another day")
    func refund() {
        var usage = usage(perMinute: 2, concurrent: 2, perDay: 10)
        #expect(refusal(&usage, characters: 4, at: at(.zero)) == nil)
        let before = usage
        #expect(refusal(&usage, characters: 6, at: at(.seconds(1))) == nil)
        usage.requestRefunded(characters: 6, arrival: at(.seconds(1)))
        #expect(usage == before)
        let tomorrow = Duration.seconds(86_400)
        #expect(refusal(&usage, characters: 9, at: at(tomorrow)) == nil)
        usage.requestRefunded(characters: 4, arrival: at(.zero))
        #expect(refusal(&usage, characters: 2, at: at(tomorrow)) == .characters(left: 1, wait: .seconds(43_200)))
        #expect(usage.running == 1)
    }
}
