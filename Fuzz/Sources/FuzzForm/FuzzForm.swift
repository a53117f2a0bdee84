import FoundationEssentials
import SpeechCore

/// Feeds bytes to the reader of requests for voices: a value of `Content-Type`, a line feed, and a body. They are read
/// as a form, if that is what the value says, and else as JSON.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzForm(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
    let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
    let body = Array(bytes.dropFirst(line.count + 1))
    let contentType = ParameterizedValue(line)
    do throws(SpeechError) {
        let request: VoiceRequest
        if contentType?.value == "multipart/form-data" {
            request = try VoiceRequest(form: body, boundary: contentType?.parameters["boundary"] ?? "")
        } else {
            request = try VoiceRequest(json: Data(body))
        }
        let characters = request.description?.unicodeScalars.count ?? 0
        precondition(characters <= VoiceRequest.maxDescriptionCharacters, "the description is not too long")
        precondition(request.name != "" && request.model != "", "an empty name is none")
        switch request.recipe {
        case .seed: break
        case .code(let code):
            precondition((1...VoiceRequest.maxSpeakerCodeBytes).contains(code.utf8.count), "there is a code")
        case .recording(let pcm, let text):
            precondition(
                (.seconds(1) ... .seconds(30)).contains(pcm.duration),
                "the recording's length is in its range"
            )
            precondition(!text.isEmpty, "it is known what is said in the recording")
        }
    } catch {
        precondition(error.code == .invalidRequest && !error.message.isEmpty, "a refusal says why")
    }
    return 0
}
