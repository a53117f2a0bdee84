/// Names requests.
enum RequestID {
    /// Characters of an id that a client may give.
    static let maxCharacters = 128

    /// The client's own id when it is a sane one, else a new one.
    static func make(from header: String?) -> String {
        if let header, (1...maxCharacters).contains(header.utf8.count), header.utf8.allSatisfy(isSane) { return header }
        var random = SystemRandomNumberGenerator()
        return "req_" + hex(random.next()) + hex(random.next())
    }

    private static func isSane(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }

    private static func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
