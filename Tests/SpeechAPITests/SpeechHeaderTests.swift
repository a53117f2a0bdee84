import HTTPTypes
import SpeechAPI
import SpeechCore
import Testing

@Suite("Reading the header of a speech request")
struct SpeechHeaderTests {
    private func read(_ name: String, _ value: String) throws -> SpeechHeader {
        let name = try #require(HTTPField.Name(name))
        return try SpeechHeader([name: value])
    }

    @Test("What is not said is not known, and everything may be shared")
    func nothing() throws {
        let header = try SpeechHeader([:])
        #expect(header.timeout == nil && header.playback == nil && header.caching == Caching())
    }

    @Test("A timeout is in seconds", arguments: [("5", 5.0), ("0.25", 0.25), ("3600", 3_600), ("1e-3", 0.001)])
    func timeout(text: String, seconds: Double) throws {
        #expect(try read("x-request-timeout", text).timeout == .seconds(seconds))
    }

    @Test(
        "A timeout that is none is told, with the name of the field",
        arguments: ["", "0", "-1", "3600.1", "nan", "inf", "5s", "0x10", "1, x", "1, 0", ","]
    )
    func wrongTimeout(text: String) throws {
        let error = try #require(throws: SpeechError.self) { try read("X-Request-Timeout", text) }
        #expect(error.code == .invalidRequest && error.param == nil)
        #expect(error.message.contains("`X-Request-Timeout` is \"\(text)\""))
    }

    @Test("Of several timeouts the shortest counts")
    func timeouts() throws {
        #expect(try read("X-Request-Timeout", "9, 8").timeout == .seconds(8))
        #expect(try read("X-Request-Timeout", "8,8,9").timeout == .seconds(8))
        let name = try #require(HTTPField.Name("X-Request-Timeout"))
        let fields = HTTPFields([HTTPField(name: name, value: "9"), HTTPField(name: name, value: "0.5")])
        #expect(try SpeechHeader(fields).timeout == .milliseconds(500))
    }

    @Test("Playback is one of two words")
    func playback() throws {
        #expect(try read("X-Playback", "realtime").playback == .realtime)
        #expect(try read("x-playback", "ASAP").playback == .asap)
        for wrong in ["", "fast", "asap, realtime"] {
            let error = try #require(throws: SpeechError.self) { try read("X-Playback", wrong) }
            #expect(error.code == .invalidRequest && error.param == nil && error.message.contains("X-Playback"))
        }
    }

    @Test(
        "What may be shared is what Cache-Control leaves; what means nothing here is ignored",
        arguments: [
            ("", true, true), ("no-store", true, false), ("no-cache", false, true), ("NO-CACHE,No-Store", false, false),
            ("max-age=0", false, true), ("max-age=60", true, true), ("private, max-age=0", false, true),
            ("only-if-cached, no-transform, x=\"no-store\"", true, true), ("no-store-please", true, true),
        ]
    )
    func caching(text: String, isReadingAllowed: Bool, isStoringAllowed: Bool) throws {
        let expected = Caching(isReadingAllowed: isReadingAllowed, isStoringAllowed: isStoringAllowed)
        #expect(try read("Cache-Control", text).caching == expected)
    }
}
