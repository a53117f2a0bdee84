import Testing

@testable import PoolCore

/// Whose turn it is.
@Suite struct FairShareTests {
    /// Gives seconds to whoever is behind, so often.
    private func shares(_ share: inout FairShare<String>, among keys: [String], times: Int) -> [String: Int] {
        var given: [String: Int] = [:]
        for _ in 0..<times {
            guard let next = keys.min(by: { (share.start(of: $0), $0) < (share.start(of: $1), $1) }) else { break }
            share.give(1, to: next)
            given[next, default: 0] += 1
        }
        return given
    }

    @Test("who wants more than there is gets it by weight")
    func weights() {
        var share = FairShare<String>(weights: ["a": 4])
        #expect(shares(&share, among: ["a", "b"], times: 500) == ["a": 400, "b": 100])
    }

    @Test("who was idle while others worked begins where they are")
    func comesBack() {
        var share = FairShare<String>(weights: [:])
        share.give(1, to: "idle")
        _ = shares(&share, among: ["a", "b"], times: 100)
        let given = shares(&share, among: ["a", "b", "idle"], times: 30)
        #expect(given.values.allSatisfy { (9...11).contains($0) })
    }

    @Test("what took longer than was predicted is charged, what took less is given back")
    func correction() {
        var share = FairShare<String>(weights: [:])
        share.give(1, to: "a")
        share.correct(by: 9, for: "a")
        share.give(10, to: "b")
        share.correct(by: -9, for: "b")
        #expect(shares(&share, among: ["a", "b"], times: 9) == ["b": 9])
    }

    @Test("what took longer than predicted is charged, even if all others have caught up meanwhile")
    func lateCorrection() {
        var share = FairShare<String>(weights: [:])
        share.give(1, to: "a")
        share.give(1, to: "b")
        share.give(1, to: "a")
        share.correct(by: 9, for: "b")
        #expect(shares(&share, among: ["a", "b"], times: 8) == ["a": 8])
        share.give(0, to: "c")
        share.correct(by: 5, for: "c")
        #expect(share.isAhead("c"))
    }

    @Test("who has nothing to come is forgotten")
    func forgets() {
        var share = FairShare<Int>(weights: [:])
        for key in 0..<10_000 { share.give(1, to: key) }
        for _ in 0..<20_000 { share.give(1_000, to: 0) }
        share.give(1, to: 1)
        #expect(share.ends.count < 200)
    }
}
