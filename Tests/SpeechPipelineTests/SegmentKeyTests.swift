import SpeechCore
import SpeechTestSupport
import Testing

@testable import SpeechPipeline

/// What tells segments apart.
@Suite struct SegmentKeyTests {
    /// What a key depends on.
    private struct Parts: Hashable {
        var fingerprint: String
        var text: String
        var voice: String?
        var context: [String: JSONValue]

        var segment: Segment { Segment.of(text).with { ($0.voice, $0.context) = (voice, context) } }
        var encoding: [UInt8] { SegmentKey.encoding(of: segment, fingerprint: fingerprint) }
    }

    @Test("No two different segments have one encoding, and equal ones have the same", arguments: [1, 2] as [UInt64])
    func unambiguous(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        // Short and alike: what is ambiguous would be found soon.
        func text() -> String {
            String(
                (0..<Int.random(in: 0...2, using: &random)).map { _ in
                    "ab\u{0}\u{1}".randomElement(using: &random) ?? "a"
                }
            )
        }
        func value(_ depth: Int) -> JSONValue {
            switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &random) {
            case 0: .null
            case 1: .bool(.random(using: &random))
            case 2: .integer(.random(in: 0...2, using: &random))
            case 3: .number(.random(in: 0..<3, using: &random) + 0.25)
            case 4: .string(text())
            case 5: .array((0..<Int.random(in: 0...2, using: &random)).map { _ in value(depth - 1) })
            default: .object(object(depth - 1))
            }
        }
        func object(_ depth: Int) -> [String: JSONValue] {
            var object: [String: JSONValue] = [:]
            for _ in 0..<Int.random(in: 0...2, using: &random) { object[text()] = value(depth) }
            return object
        }
        var seen: [[UInt8]: Parts] = [:]
        for _ in 0..<20_000 {
            let voice = Bool.random(using: &random) ? text() : nil
            let parts = Parts(fingerprint: text(), text: text(), voice: voice, context: object(2))
            let other = seen.updateValue(parts, forKey: parts.encoding)
            #expect(other == nil || other == parts, "seed \(seed)")
        }
        #expect(Set(seen.values).count == seen.count, "seed \(seed)")
    }

    @Test("A number counts by its value, and the order of options not at all")
    func numbers() {
        func key(_ context: [String: JSONValue]) -> SegmentKey {
            SegmentKey(Segment.of().with { $0.context = context }, fingerprint: "")
        }
        #expect(key(["seed": .integer(1)]) == key(["seed": .number(1)]))
        #expect(key(["seed": .integer(1)]) != key(["seed": .number(1.5)]))
        #expect(key(["seed": .integer(1)]) != key(["seed": .string("1")]))
        let names = (0..<50).map { "option \($0)" }
        let forth = Dictionary(uniqueKeysWithValues: names.map { ($0, JSONValue.null) })
        let back = Dictionary(uniqueKeysWithValues: names.reversed().map { ($0, JSONValue.null) })
        #expect(key(forth) == key(back))
    }

    @Test("A key can be written and read")
    func hex() throws {
        let key = SegmentKey(.of(), fingerprint: "")
        #expect(key.hex.count == 64)
        #expect(SegmentKey(hex: key.hex) == key)
        for wrong in ["", "12", key.hex + "0", key.hex.uppercased(), "é" + key.hex.dropFirst(2)] {
            #expect(SegmentKey(hex: wrong) == nil)
        }
    }
}
