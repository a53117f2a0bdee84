import HTTPTypes
import SpeechCore

/// Feeds lines to the reader of a speech request's header: timeout, playback, and all others what may be shared. They
/// are also read as values with parameters.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHeader(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let all = UnsafeBufferPointer(start: bytes, count: count)
    var fields = HTTPFields()
    for (index, line) in all.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
        let names: [HTTPField.Name] = [.xRequestTimeout, .xPlayback, .cacheControl]
        fields.append(HTTPField(name: names[min(index, 2)], value: Array(line)))
        guard let value = ParameterizedValue(line) else { continue }
        precondition(value.value == value.value.lowercased(), "the value is in lower case")
        precondition(value.parameters.keys.allSatisfy { !$0.isEmpty }, "parameters have names")
    }
    do throws(SpeechError) {
        let header = try SpeechHeader(fields)
        let timeout = header.timeout ?? .seconds(1)
        precondition(timeout > .zero && timeout <= .seconds(3_600), "the timeout is in its range")
    } catch {
        precondition(error.code == .invalidRequest && !error.message.isEmpty, "a refusal says why")
    }
    return 0
}
