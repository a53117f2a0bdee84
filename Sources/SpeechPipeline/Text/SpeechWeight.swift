/// How much there is to say in a stretch of text, and in which script.
struct SpeechWeight {
    /// The weight of the stretch (see `SegmentLimits`).
    private(set) var total = 0
    /// Whether there is anything in it that a voice would pronounce: punctuation alone is silent.
    private(set) var isSpoken = false
    private var byScript = [Int](repeating: 0, count: SpokenScript.allCases.count)

    init() {}

    /// The script that weighs most, `nil` without a letter. Japanese is written in Han too, so any kana decides for it.
    var script: SpokenScript? {
        if byScript[SpokenScript.japanese.rawValue] > 0 { return .japanese }
        return SpokenScript.allCases.filter { byScript[$0.rawValue] > 0 }
            .max { byScript[$0.rawValue] < byScript[$1.rawValue] }
    }

    mutating func add(_ scalar: Unicode.Scalar) {
        let (kind, script) = (scalar.kind, SpokenScript(of: scalar))
        let weight = Self.weight(kind, script)
        total += weight
        if kind != .silent { isSpoken = true }
        if kind == .letter, let script { byScript[script.rawValue] += weight }
    }

    /// The weight of one scalar: about how many Latin letters take as long to say.
    static func of(_ scalar: Unicode.Scalar) -> Int {
        weight(scalar.kind, SpokenScript(of: scalar))
    }

    private static func weight(_ kind: Unicode.Scalar.Kind, _ script: SpokenScript?) -> Int {
        switch (kind, script) {
        // A digit or an emoji is spoken as a word.
        case (.number, _), (.symbol, _), (.letter, .han), (.letter, .japanese), (.letter, .hangul): 4
        default: 1
        }
    }
}
