declare module 'asciinema-player' {
  export function create(source: unknown, element: HTMLElement, options?: Record<string, unknown>): unknown
}
declare module '*.css'
