import Testing

@Suite("Tidiness of the rules themselves")
struct TidySelfTests {
    @Test("each rule fires exactly where a fixture breaks it", arguments: tidyRules.indices)
    func fixtures(rule: Int) {
        let expected: [String: [String]] = [
            "imports": [
                "Sources/PoolCore/Imports.swift:2", "Sources/PoolCore/Imports.swift:4",
                "Sources/PoolCore/Imports.swift:6",
                "Sources/Stray/Stray.swift:1", "Sources/chorus/Imports.swift:2", "Sources/chorus/Imports.swift:3",
            ],
            "length": [],
            "banned words": [
                "Makefile:2", "Makefile:3", "Sources/SpeechCore/Words.swift:3", "Sources/SpeechCore/Words.swift:5",
                "Sources/SpeechCore/Words.swift:6", "Sources/SpeechCore/Words.swift:7",
                "Sources/SpeechCore/Words.swift:8", "Sources/SpeechCore/Words.swift:9",
                "Sources/SpeechCore/Words.swift:10", "Tests/SomeTests/Words.swift:4", "Tests/SomeTests/Words.swift:5",
                "docs/WORDS.md:1", "docs/WORDS.md:2", "docs/WORDS.md:3",
            ],
            "proofs": [
                "Sources/SpeechCore/Proofs.swift:1", "Sources/SpeechCore/Proofs.swift:4",
                "Sources/SpeechCore/Proofs.swift:17", "Sources/SpeechCore/Proofs.swift:19",
            ],
            "layout": [
                "Sources/SpeechCore/Layout.swift:1", "Sources/SpeechCore/Layout.swift:3",
                "Sources/SpeechCore/Layout.swift:5", "Sources/SpeechCore/Layout.swift:6",
                "Sources/SpeechCore/NoNewline.swift:2",
            ],
            "documentation": [
                "Sources/SpeechCore/Documentation.swift:1", "Sources/SpeechCore/Documentation.swift:5",
                "Sources/SpeechCore/Documentation.swift:8", "Sources/SpeechCore/Documentation.swift:17",
                "Sources/SpeechCore/Documentation.swift:24", "Sources/SpeechCore/Documentation.swift:28",
            ],
        ]
        let found = SourceTree.fixtures.flatMap(tidyRules[rule].check).sorted().map { "\($0.path):\($0.line)" }
        #expect(found == expected[tidyRules[rule].name])
    }

    @Test("a file is too long with its 501st line")
    func fileLength() {
        let line = "// A line.\n"
        let fits = SourceFile(path: "Sources/SpeechCore/Long.swift", text: String(repeating: line, count: 500))
        let long = SourceFile(path: "Sources/SpeechCore/Long.swift", text: fits.text + line)
        #expect(LengthRule().check(fits).isEmpty)
        #expect(LengthRule().check(long).map(\.line) == [501])
    }

    @Test(
        "a function is too long with its 71st line, whatever its head looks like",
        arguments: [
            "func f() {", "init?(a: Int) {", "deinit {", "subscript(i: Int) -> Int {",
            "func f(g: () -> Void = { print() }) async throws(E) -> [Int] where A: B {",
        ]
    )
    func functionLength(head: String) {
        func file(lines: Int) -> SourceFile {
            let body = (0..<lines - 2).map { $0 % 2 == 0 ? "        if x { \"{{\" }\n" : "        self.init()  // {\n" }
            let text = "protocol P {\n    func a() -> Int\n    var b: Int { get }\n}\nstruct S {\n    \(head)\n"
            return SourceFile(path: "Sources/SpeechCore/Long.swift", text: text + body.joined() + "    }\n}\n")
        }
        #expect(LengthRule().check(file(lines: 70)).isEmpty)
        #expect(LengthRule().check(file(lines: 71)).map(\.line) == [6])
    }

    @Test("comments and strings are no code; what is interpolated is")
    func blanking() {
        let text = ##"""
            let a = "{ // \" \(f("}", { 1 })) }"  // {
            let b = #"\( { " \#(g) "# /* { /* } */ " */ + 1
            let c = """
                { "quoted" \(h) \
                """ ; let d = "ünd"
            #if x
            """##
        #expect(
            SwiftCode(text).lines.map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") } == [
                ##"let a = " (f(" ", { 1 })) ""##,
                ##"let b = #" (g) "# + 1"##,
                ##"let c = """"##,
                ##"(h)"##,
                ##"""" ; let d = " ""##,
                "#if x",
            ]
        )
    }

    @Test(
        "imports are understood",
        arguments: [
            ("import NIOCore", "NIOCore"), ("package import struct NIOCore.ByteBuffer", "NIOCore"),
            ("@preconcurrency private import Glibc", "Glibc"), ("let import = 1", nil), ("// nothing", nil),
        ]
    )
    func imports(line: String, module: String?) {
        #expect(ImportRule.imported(by: line) == module)
    }
}
