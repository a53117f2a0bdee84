import FoundationEssentials
import SpeechCore

/// Feeds bytes to the reader of speech requests as the body of one. It must read them or refuse them, and what it reads
/// must keep what its type promises.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequest(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let body = Data(UnsafeBufferPointer(start: bytes, count: count))
    do throws(SpeechError) {
        let request = try SpeechRequest(body: body, maxInputCharacters: 64)
        precondition((1...64).contains(request.input.unicodeScalars.count), "the text is neither empty nor too long")
        precondition(!request.input.unicodeScalars.contains("\0"), "the text is free of control characters")
        precondition(SpeechRequest.speeds.contains(request.speed), "the speed is in its range")
        let deadline = request.deadline ?? .seconds(1)
        precondition(deadline >= .zero && deadline <= .seconds(3_600), "the deadline is in its range")
        let options = request.engineOptions
        precondition(options["deadline"] == nil && options["speaker"] == nil, "what we tell workers is ours to say")
        precondition(request.model != "" && request.voice != "", "an empty name is none")
    } catch {
        precondition(error.code == .invalidRequest && !error.message.isEmpty, "a refusal says why")
    }
    return 0
}
