/// OpenAI's error object: `{"error": {"message", "type", "param", "code"}}`, and where we refuse for want of time
/// `predicted_wait`, in seconds.
struct ErrorBody: Encodable {
    /// What is inside.
    struct Details: Encodable {
        var message: String
        var type: String
        var param: String?
        var code: String
        /// Seconds.
        var predictedWait: Double?

        enum CodingKeys: String, CodingKey {
            case message, type, param, code
            case predictedWait = "predicted_wait"
        }

        /// Writes `param` as `null` when there is none, as OpenAI does.
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(message, forKey: .message)
            try container.encode(type, forKey: .type)
            try container.encode(param, forKey: .param)
            try container.encode(code, forKey: .code)
            try container.encodeIfPresent(predictedWait, forKey: .predictedWait)
        }
    }

    /// What is wrong.
    var error: Details

    /// The object for an error.
    init(_ error: APIError) {
        self.error = Details(
            message: error.message,
            type: error.type,
            param: error.param,
            code: error.code,
            predictedWait: error.predictedWait.map { ($0 / .milliseconds(100)).rounded() / 10 }
        )
    }
}
