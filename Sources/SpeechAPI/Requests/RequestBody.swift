import FoundationEssentials
import SpeechCore

/// JSON bodies of requests, and what is told of those that are wrong.
enum RequestBody {
    /// Reads a body.
    /// - Parameter example: a body that would do, for error messages.
    /// - Throws: `invalidRequest`.
    static func decode<Fields: Decodable>(
        _ type: Fields.Type,
        from body: Data,
        example: String
    ) throws(SpeechError) -> Fields {
        guard !body.isEmpty else {
            throw .invalid("The body is empty. Send a JSON object such as \(example).")
        }
        do {
            return try JSONDecoder().decode(type, from: body)
        } catch let error as SpeechError {
            throw error
        } catch DecodingError.typeMismatch, DecodingError.valueNotFound {
            throw .invalid("The body is not a JSON object. Send one such as \(example).")
        } catch {
            throw .invalid("The body is not valid JSON in UTF-8.")
        }
    }
}

extension KeyedDecodingContainer {
    /// A field's value; `nil` if it is missing or `null`.
    /// - Parameter expected: what it must be, such as `a string`.
    /// - Throws: `invalidRequest`, with the field in `param`.
    func field<Value: Decodable>(_ key: Key, expected: String) throws(SpeechError) -> Value? {
        do {
            return try decodeIfPresent(Value.self, forKey: key)
        } catch let error as SpeechError {
            throw error
        } catch {
            throw .invalid("`\(key.stringValue)` must be \(expected)\(found(key)).", param: key.stringValue)
        }
    }

    /// What is there instead of what was expected, as far as a look at its outside tells.
    func found(_ key: Key) -> String {
        if (try? decode(Bool.self, forKey: key)) != nil { return ", but it is a boolean" }
        if (try? decode(Double.self, forKey: key)) != nil { return ", but it is a number" }
        if (try? decode(String.self, forKey: key)) != nil { return ", but it is a string" }
        if (try? nestedUnkeyedContainer(forKey: key)) != nil { return ", but it is an array" }
        if (try? nestedContainer(keyedBy: Key.self, forKey: key)) != nil { return ", but it is an object" }
        return ", but it cannot be read as one"
    }
}

extension SpeechError {
    /// A request that is wrong in itself.
    static func invalid(_ message: String, param: String? = nil) -> SpeechError {
        SpeechError(.invalidRequest, message, param: param)
    }
}
