import { useEffect, type ReactNode } from 'react'

/** Does something when Escape is pressed, wherever on the page, while it is wanted. */
export function useEscape(wanted: boolean, act: () => void): void {
  useEffect(() => {
    if (!wanted) return
    const heard = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape' || event.defaultPrevented) return
      event.preventDefault()
      act()
    }
    document.addEventListener('keydown', heard)
    return () => document.removeEventListener('keydown', heard)
  })
}

/** What a row stands for, beside the list: the list stays where it is. */
export function Panel({
  label,
  title,
  onClose,
  children,
}: {
  label: string
  title: ReactNode
  onClose: () => void
  children: ReactNode
}): ReactNode {
  useEscape(true, onClose)
  return (
    <aside className="panel" aria-label={`One of: ${label}`}>
      <header>
        <h2>{title}</h2>
        <button type="button" className="quiet" onClick={onClose}>
          Close
        </button>
      </header>
      {children}
    </aside>
  )
}
