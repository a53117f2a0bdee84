import SpeechCore
import SpeechTestSupport
import Testing

@testable import SpeechAPI

@Suite("Forms")
struct MultipartFormTests {
    private func parts(_ text: String, boundary: String = "x") throws -> [String: String] {
        let parts = try MultipartForm.parts(of: Array(text.utf8), boundary: boundary)
        return Dictionary(uniqueKeysWithValues: parts.map { ($0.name, String(decoding: $0.body, as: UTF8.self)) })
    }

    private static func part(_ body: String, header: String = #"Content-Disposition: form-data; name="a""#) -> String {
        "--x\r\n\(header)\r\n\r\n\(body)\r\n"
    }

    @Test("What curl, browsers and Python's clients send is read")
    func usual() throws {
        let file = """
            Content-Disposition: form-data; name="f"; filename="C:\\\\a; b=\\"c\\".wav"; filename*=UTF-8''%e4.wav\r
            Content-Type: audio/wav; rate=1\r
            Content-Length: 3
            """
        let body =
            Self.part("1") + Self.part("binary \r\n--\r\n--y\r\r\n-\r\n", header: file)
            + Self.part("", header: "content-disposition:FORM-DATA;name=c ;") + "--x--\r\n"
        #expect(try parts(body) == ["a": "1", "f": "binary \r\n--\r\n--y\r\r\n-\r\n", "c": ""])
        let webKit = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
        let own = Self.part("1").replacing("--x", with: "--\(webKit)") + "--\(webKit)--"
        #expect(try parts(own, boundary: webKit) == ["a": "1"])
    }

    @Test("A part may have no body, with or without an empty line, and a form no parts")
    func empty() throws {
        let header = #"Content-Disposition: form-data; name="a""#
        #expect(try parts("--x\r\n\(header)\r\n\r\n--x--") == ["a": ""])
        #expect(try parts("--x\r\n\(header)\r\n\r\n\r\n--x--") == ["a": ""])
        #expect(try parts("--x--").isEmpty)
    }

    private static let manyLines = part("1", header: String(repeating: "a: b\r\n", count: 8) + "a: b") + "--x--"
    private static let longLine = part("1", header: "a: " + String(repeating: "b", count: 1_022)) + "--x--"

    /// A part with this header, in a form.
    private static func form(_ header: String) -> String {
        part("1", header: header) + "--x--"
    }

    /// What is not read, and why.
    private static let wrong: [(String, String)] = [
        ("", "does not begin"), ("\r\n--x--", "does not begin"), ("--y--", "does not begin"),
        ("--x", "behind a boundary"), ("--x \r\n", "behind a boundary"), ("--xy--", "behind a boundary"),
        ("--x\n", "behind a boundary"), ("--x--.", "behind its end"), ("--x--\r\n\r\n", "behind its end"),
        ("--x\r\n", "not complete"), ("--x\r\nContent-Disposition: form-data", "not complete"),
        (part("1"), "before its last boundary"), (part("1") + "--x-", "behind a boundary"),
        (form("Content-Type: text/plain"), "no name"),
        ("--x\r\n\r\n1\r\n--x--", "no name"),
        (form("Content-Disposition: attachment; name=a"), "one name"),
        (form("Content-Disposition: form-data"), "one name"),
        (form("Content-Disposition: form-data; name=a; name=b"), "cannot be read"),
        (form("Content-Disposition: form-data; name=\"a"), "cannot be read"),
        (form("Content-Disposition form-data"), "cannot be read"),
        (form("Content-Type: multipart/mixed; boundary=y"), "parts of its own"),
        (form("Content-Transfer-Encoding: base64"), "`base64`"),
        (manyLines, "more than 8 lines"),
        (longLine, "longer than 1024"),
        (String(repeating: part("1"), count: 17) + "--x--", "more than 16 parts"),
    ]

    @Test("Anything else is refused", arguments: wrong)
    func refused(body: String, reason: String) throws {
        let error = try #require(throws: SpeechError.self) { try parts(body) }
        #expect(error.code == .invalidRequest)
        #expect(error.message.contains(reason))
    }

    @Test("Boundaries are those of RFC 2046", arguments: ["", "a ", "é", "a\r", String(repeating: "b", count: 71)])
    func boundaries(boundary: String) throws {
        let error = try #require(throws: SpeechError.self) { try parts("--\(boundary)--", boundary: boundary) }
        #expect(error.message.contains("boundary"))
        let longest = "'()+_,-./:=? " + String(repeating: "z", count: 57)
        #expect(try parts("--\(longest)--", boundary: longest).isEmpty)
    }

    @Test("A body made to be slow is read in one pass")
    func slow() throws {
        // Every few bytes almost the boundary, up to its last character.
        let boundary = String(repeating: "b", count: 70)
        let nearly = "\r\n--" + String(repeating: "b", count: 69)
        let body = String(repeating: nearly, count: 10_000)
        let header = #"Content-Disposition: form-data; name="a""#
        let form = "--\(boundary)\r\n\(header)\r\n\r\n\(body)\r\n--\(boundary)--"
        #expect(try parts(form, boundary: boundary) == ["a": body])
    }

    @Test("Any forms come out as they went in, and damaged ones are read or refused", arguments: 0..<30)
    func random(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var form = Form()
        var expected: [MultipartForm.Part] = []
        // Bytes of which boundaries are made, mostly.
        let alphabet = Array("\r\n--x \0".utf8) + [0xFF]
        for number in 0..<Int.random(in: 0...MultipartForm.maxParts, using: &random) {
            let body = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0
            }
            guard !(Array("\r\n".utf8) + body).contains(Array("\r\n--x".utf8)) else { continue }
            form.add("n\(number)", body, file: Bool.random(using: &random) ? "f" : nil)
            expected.append(MultipartForm.Part(name: "n\(number)", body: body[...]))
        }
        #expect(try MultipartForm.parts(of: form.bytes, boundary: "x") == expected, "seed \(seed)")
        for _ in 0..<200 {
            var bytes = form.bytes
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: bytes[place] = alphabet.randomElement(using: &random) ?? 0
                case 1: bytes.remove(at: place)
                default: bytes.insert(alphabet.randomElement(using: &random) ?? 0, at: place)
                }
            }
            do {
                let parts = try MultipartForm.parts(of: bytes, boundary: "x")
                #expect(parts.count <= MultipartForm.maxParts, "seed \(seed)")
                #expect(parts.reduce(0) { $0 + $1.body.count } < bytes.count, "seed \(seed)")
            } catch {
                #expect(error.code == .invalidRequest, "seed \(seed)")
            }
        }
    }

    @Test(
        "Values with parameters are read as HTTP writes them",
        arguments: [
            ("text/plain", "text/plain", [:]), (" A/B ; c=d;E=\"f;\\\"g\\\\\" ", "a/b", ["c": "d", "e": #"f;"g\"#]),
            ("a;", "a", [:]), ("a; b=\"\"", "a", ["b": ""]), ("", "", [:]),
        ] as [(String, String, [String: String])]
    )
    func values(text: String, value: String, parameters: [String: String]) throws {
        let read = try #require(ParameterizedValue(text.utf8))
        #expect(read.value == value)
        #expect(read.parameters == parameters)
    }

    @Test(
        "Values with broken parameters are not read",
        arguments: ["a; b", "a; b=", "a; =c", "a; b=\"c", "a; b=\"c\\", "a; b=c d", "a; b=c; B=d", "a; b=\"c\"d"]
    )
    func brokenValues(text: String) {
        #expect(ParameterizedValue(text.utf8) == nil)
        #expect(ParameterizedValue([0xFF]) == nil)
    }
}
