/// Feeds text to the reader of the configuration. It must read it or say what is wrong and where, and what it has read
/// it must be able to write so that it reads the same again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzConfiguration(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    do throws(ConfigurationError) {
        let read = try load(text)
        for written in [read.document.yaml, read.document.json] {
            do throws(ConfigurationError) {
                let again = try load(written)
                precondition(again.configuration == read.configuration, "it reads the same again")
            } catch {
                preconditionFailure("what was written can be read: \(error)")
            }
        }
    } catch {
        precondition(!error.problems.isEmpty, "a refusal says why")
        for problem in error.problems {
            precondition(!problem.message.isEmpty, "a problem has words")
            precondition(problem.place.map { $0.line > 0 && $0.column > 0 } ?? true, "places are counted from 1")
        }
    }
    return 0
}

private func load(_ text: String) throws(ConfigurationError) -> LoadedConfiguration {
    try LoadedConfiguration(file: ConfigurationFile(name: "chorus.yaml", text: text))
}
