import FoundationEssentials
import SpeechAPI

/// A key that has just been made.
struct NewKey: Encodable {
    /// What it begins with, so that it is known for what it is wherever it turns up.
    static let prefix = "sk-chorus-"
    /// Random bytes in it.
    static let randomBytes = 32

    /// Whose it is.
    let name: String
    /// The key itself.
    let key: String
    /// What the configuration has of it.
    let hash: String

    /// Makes one from the system's randomness.
    init(name: String?) {
        var random = SystemRandomNumberGenerator()
        let bytes = Data((0..<Self.randomBytes).map { _ in UInt8.random(in: 0...255, using: &random) })
        // Base64 for URLs (RFC 4648, 5), without padding.
        let digits = bytes.base64EncodedString().compactMap { digit -> Character? in
            switch digit {
            case "+": "-"
            case "/": "_"
            case "=": nil
            default: digit
            }
        }
        key = Self.prefix + String(digits)
        let digest = KeyDigest(of: key).description
        hash = digest
        self.name = name ?? "key-\(digest.suffix(8))"
    }

    /// For people. The lines for the file are YAML as it stands.
    var text: String {
        """
        \(key)

        It is shown only this once. Add its hash to the configuration, and have a running server read that again, with
        'systemctl reload chorus' or 'kill -HUP' and its process number:

        keys:
          - name: \(ConfigurationDocument.text(name).yaml.dropLast())
            hash: \(hash)
        """
    }

    /// For programs.
    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}
