/** An answer that is an error, in the words of TAXII 2.1 §3.6.1. */
export class TaxiiError extends Error {
  readonly status: number
  readonly title: string
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, title: string, description: string, headers: Record<string, string> = {}) {
    super(description)
    this.status = status
    this.title = title
    this.headers = headers
  }

  get body(): object {
    return { title: this.title, description: this.message, http_status: String(this.status) }
  }
}

export const notFound = (what: string): TaxiiError => new TaxiiError(404, 'NotFound', `There is no such ${what} here`)
export const badRequest = (why: string): TaxiiError =>
  new TaxiiError(400, 'ProcessingError', `The server did not understand the request or filter parameters: ${why}`)
export const unprocessable = (why: string): TaxiiError =>
  new TaxiiError(422, 'ProcessingError', `While processing supplied content, an error occurred: ${why}`)
