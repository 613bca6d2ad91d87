;; Opens a file with eglot and the settings of the page, applies an action, saves, and says what it saw.
(require 'cl-lib)
(require 'eglot)

(defun await (what condition)
  "Take what the server sends until CONDITION holds; fail after a minute."
  (let ((end (+ (float-time) 60)))
    (while (not (funcall condition))
      (when (> (float-time) end) (error "waited in vain for %s" what))
      (accept-process-output nil 0.05))))

(load-file (getenv "PEFT_LINT_SETTINGS"))
(setq make-backup-files nil)
(find-file (getenv "PEFT_LINT_FILE"))
;; `eglot-ensure' waits for the next command, and no command follows here.
(cl-assert (memq 'eglot-ensure python-mode-hook))
(apply #'eglot--connect (eglot--guess-contact))
(await "diagnostics" #'flymake-diagnostics)
(dolist (found (flymake-diagnostics))
  (princ (format "%s\t%s\n" (flymake-diagnostic-text found)
                 (buffer-substring (flymake-diagnostic-beg found) (flymake-diagnostic-end found)))))
(let* ((found (car (flymake-diagnostics)))
       (before (buffer-chars-modified-tick))
       ;; A key: after a click the actions would be a menu.
       (last-nonmenu-event ?\C-m)
       (title (getenv "PEFT_LINT_TITLE")))
  (cl-letf (((symbol-function 'completing-read) (lambda (&rest _) title)))
    (eglot-code-actions (flymake-diagnostic-beg found) (flymake-diagnostic-end found) nil t))
  (await "the fix" (lambda () (> (buffer-chars-modified-tick) before))))
;; Sent from an idle timer, and nothing is idle here.
(eglot--signal-textDocument/didChange)
(await "no diagnostics" (lambda () (null (flymake-diagnostics))))
(save-buffer)
